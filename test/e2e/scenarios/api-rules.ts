// The rules for Dapr's API outlive updates: Metacontroller merges lists by name, so no name is there twice.
import type { KubeObject } from '../rig/kube.ts'
import { until } from '../rig/wait.ts'
import { functionOf, redisBinding } from './functions.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { functionReady } from './steps.ts'

const name = 'closed'

export const apiRules: Scenario = {
  name: 'api-rules',
  title: "the rules for Dapr's API are those of outputs and states, also after changes",
  forms: ['all', 'campaign'],
  run: async (context) => {
    const outputs = [{ name: 'out', component: 'store', operation: 'create' }]
    const base = functionOf('knative', {
      name,
      image: 'e2e/greet:1',
      serving: { outputs, bindings: { store: redisBinding() } },
    })
    context.step('a Function with an output: its rules are there, each once')
    await context.applyFunction(base)
    await functionReady(context, name)
    await expectRules(context, ['metadata', 'bindings'])

    context.step('a change of another child leaves them as they are')
    await context.applyFunction(changed(base, { params: { CHANGED: 'yes' } }))
    await functionReady(context, name)
    await expectRules(context, ['metadata', 'bindings'])

    context.step('a state is added: so are its rules')
    const address = redisBinding()
    await context.applyFunction(changed(base, { states: { cart: { ...address, type: 'state.redis' } } }))
    await until('there are rules for the state', { seconds: 20 }, async () =>
      (await rules(context)).join().includes('state'),
    )
    await functionReady(context, name)
    await expectRules(context, ['metadata', 'bindings', 'state'])
    context.figures([{ rules: (await rules(context)).length, changes: 2 }])
  },
}

const changed = (fn: KubeObject, serving: object): KubeObject => ({
  ...fn,
  spec: { ...fn.spec, serving: { ...fn.spec.serving, ...serving } },
})

async function rules({ rig, namespace }: Context): Promise<string[]> {
  const configuration = await rig.kube.find(`/apis/dapr.io/v1alpha1/namespaces/${namespace}/configurations/${name}`)
  const allowed = configuration?.spec?.api?.allowed ?? []
  return allowed.map((rule: Record<string, string>) => `${rule.protocol} ${rule.version} ${rule.name}`)
}

async function expectRules(context: Context, names: readonly string[]): Promise<void> {
  const wanted = names.flatMap((each) => [
    `grpc v1 ${each}`,
    `http v1.0 ${each === 'metadata' ? 'metadat' : `${each}/`}`,
  ])
  const found = await rules(context)
  expectThat(found.toSorted().join() === wanted.toSorted().join(), `the rules are ${found.join(', ')}`)
}
