// Scenario 1: installed as a user installs it, with the reduced role, whose every verb is needed.
import type { KubeObject } from '../rig/kube.ts'
import { product } from '../rig/paths.ts'
import { deploymentReady, type Rig } from '../rig/rig.ts'
import { until } from '../rig/wait.ts'
import { functionOf } from './functions.ts'
import { controllerName, productNamespace } from './product.ts'
import { type Context, expectThat, type Scenario } from './scenario.ts'
import { deploymentPath, functionPath, functionReady } from './steps.ts'

const metacontroller = 'system:serviceaccount:metacontroller:metacontroller'

export const install: Scenario = {
  name: 'install',
  title: 'kubectl apply -k: definition, CompositeController, webhook, the reduced role',
  forms: ['smoke', 'all', 'campaign'],
  run: async (context) => {
    const { rig } = context
    context.step('the webhook runs and the definition is served')
    await deploymentReady(rig.kube, productNamespace, controllerName)
    await rig.kubectl('get', 'functions', '-A')
    await rig.kubectl('get', 'compositecontrollers.metacontroller.k8s.io', '-o', 'name')

    context.step('applying everything a second time changes nothing')
    await installedTwice(rig)

    context.step('Metacontroller may do what the product needs and no more')
    await mayOnly(context)

    context.step('a verb taken from the role in use is noticed: no Deployment appears')
    await verbIsNeeded(context)
  },
}

async function installedTwice(rig: Rig): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${productNamespace}/deployments/${controllerName}`
  const before = await rig.kube.get(path)
  await rig.kubectl('apply', '-k', `${product}/manifests/base`)
  const after = await rig.kube.get(path)
  const isSame = before.metadata.generation === after.metadata.generation
  expectThat(isSame, `generation went from ${before.metadata.generation} to ${after.metadata.generation}`)
}

async function mayOnly(context: Context): Promise<void> {
  const questions: [expected: boolean, verb: string, group: string, resource: string][] = [
    [true, 'create', 'apps', 'deployments'],
    [true, 'list', 'core.openfunction.io', 'functions'],
    [true, 'update', 'dapr.io', 'components'],
    [false, 'get', '', 'secrets'],
    [false, 'create', '', 'pods'],
    [false, 'create', 'rbac.authorization.k8s.io', 'clusterrolebindings'],
  ]
  for (const [expected, verb, group, resource] of questions) {
    const allowed = await may(context.rig, verb, group, resource)
    expectThat(allowed === expected, `may Metacontroller ${verb} ${resource}? ${allowed}`)
  }
}

async function verbIsNeeded(context: Context): Promise<void> {
  const { kube } = context.rig
  const role = await roleFor(context.rig, 'apps', 'deployments', 'create')
  const path = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${role.metadata.name}`
  const rules = role.rules as { apiGroups: string[]; resources: string[]; verbs: string[] }[]
  const without = rules.map((rule) =>
    rule.resources.includes('deployments') ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') } : rule,
  )
  await kube.merge(path, { rules: without })
  try {
    await until(
      'the API server knows the smaller role',
      { seconds: 10 },
      async () => !(await may(context.rig, 'create', 'apps', 'deployments')),
    )
    await context.applyFunction(functionOf('knative', { name: 'denied', image: 'e2e/greet:1' }))
    const fails = await appears(context, 'denied')
    expectThat(!fails, 'the Deployment was created without the verb')
  } finally {
    await kube.merge(path, { rules })
  }
  context.step('with the verb back the Function becomes Ready')
  // A change ends Metacontroller's back-off after the refusals.
  await kube.merge(functionPath(context, 'denied'), { metadata: { labels: { try: 'again' } } })
  await functionReady(context, 'denied', 'standalone', 60)
  await kube.remove(functionPath(context, 'denied'))
}

async function appears(context: Context, name: string): Promise<boolean> {
  const look = () => context.rig.kube.find(deploymentPath(context, name))
  return until(`Deployment ${name}`, { seconds: 4 }, look).then(
    () => true,
    () => false,
  )
}

/** The role of the product that grants a verb to Metacontroller. */
async function roleFor(rig: Rig, group: string, resource: string, verb: string): Promise<KubeObject> {
  const { items } = await rig.kube.list('/apis/rbac.authorization.k8s.io/v1/clusterroles')
  const role = items.find(
    ({ metadata, ...rest }) =>
      !/^(system:|cluster-admin$|admin$|edit$|view$)/.test(metadata.name) &&
      (rest.rules ?? []).some(
        (rule: { apiGroups?: string[]; resources?: string[]; verbs: string[] }) =>
          rule.apiGroups?.includes(group) && rule.resources?.includes(resource) && rule.verbs.includes(verb),
      ),
  )
  expectThat(role !== undefined, `no shipped ClusterRole grants ${verb} on ${resource}`)
  return role
}

async function may(rig: Rig, verb: string, group: string, resource: string): Promise<boolean> {
  const review = await rig.kube.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: metacontroller, resourceAttributes: { verb, group, resource } },
  })
  return review.status.allowed as boolean
}
