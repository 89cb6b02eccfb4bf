// Runs scenarios one after another on one rig and says what each one showed.
import { appendFileSync } from 'node:fs'
import { type Ledger, openLedger } from '../ledger/ledger.ts'
import { paths } from '../rig/paths.ts'
import { daprdBinary } from '../rig/profile.ts'
import type { Rig } from '../rig/rig.ts'
import { until } from '../rig/wait.ts'
import { describeFailure } from './failure.ts'
import { installProduct } from './product.ts'
import type { Context, Form, Scenario } from './scenario.ts'
import { markdownTable, type Row, textTable } from './table.ts'

export interface Outcome {
  readonly scenario: Scenario
  readonly seconds: number
  readonly failure?: string
  /** Set if the scenario is known to fail. */
  readonly knownReason?: string
  readonly figures: readonly (readonly Row[])[]
}

/** `each` is told all outcomes so far after each scenario, so that a run that is cut short has not measured in vain. */
export async function runScenarios(
  rig: Rig,
  scenarios: readonly Scenario[],
  form: Form,
  each: (outcomes: readonly Outcome[]) => void = () => undefined,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const scenario of scenarios) {
    const outcome = await runOne(rig, scenario, form)
    outcomes.push(outcome)
    const mark = outcome.failure === undefined ? 'ok  ' : 'FAIL'
    console.log(`${mark} ${scenario.name}: ${scenario.title} (${outcome.seconds.toFixed(1)} s)`)
    for (const rows of outcome.figures) console.log(textTable(rows))
    if (outcome.failure !== undefined) console.log(outcome.failure)
    each(outcomes)
  }
  return outcomes
}

/** The closing lines; true if the run is as it should be. */
export function conclude(outcomes: readonly Outcome[]): boolean {
  const failed = outcomes.filter(({ failure }) => failure !== undefined)
  const known = failed.filter(({ knownReason }) => knownReason !== undefined)
  const mended = outcomes.filter(({ failure, knownReason }) => failure === undefined && knownReason !== undefined)
  for (const { scenario } of mended) {
    console.log(`${scenario.name} passes although it is marked as known to fail: remove the mark`)
  }
  if (known.length > 0) {
    console.log(
      `known to fail: ${known.map(({ scenario, knownReason }) => `${scenario.name} (${knownReason})`).join('; ')}`,
    )
  }
  console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`)
  return failed.length === known.length && mended.length === 0
}

/** The page of figures with this run's in it; the sections of scenarios that did not run stay as they are on `page`. */
export function figuresPage(outcomes: readonly Outcome[], page = ''): string {
  const [, ...old] = page.split(/^## /m)
  const sections = new Map(old.map((section) => [section.split('\n')[0], section.trim()]))
  for (const { scenario, figures } of outcomes) {
    const { name, title } = scenario
    const heading = `${name}: ${title}`
    if (figures.length > 0) sections.set(heading, `${heading}\n\n${figures.map(markdownTable).join('\n\n')}`)
  }
  return `# Figures of the last campaign\n${[...sections.values()].map((section) => `\n## ${section}\n`).join('')}`
}

async function runOne(rig: Rig, scenario: Scenario, form: Form): Promise<Outcome> {
  const startedAt = Date.now()
  const namespace = `e2e-${scenario.name.replaceAll('.', '-')}`
  const ledgers: Ledger[] = []
  const figures: (readonly Row[])[] = []
  let step = 'install the product'
  const context: Context = {
    rig,
    form,
    namespace,
    step: (expected) => {
      step = expected
      appendFileSync(`${paths.logs}/steps.log`, `${new Date().toISOString()} ${scenario.name}: ${expected}\n`)
    },
    ledger: (name) => {
      const ledger = openLedger(`${scenario.name}-${name}`)
      ledgers.push(ledger)
      return ledger
    },
    figures: (rows) => figures.push(rows),
    applyFunction: async (fn) => {
      const path = `/apis/core.openfunction.io/v1beta1/namespaces/${namespace}/functions/${fn.metadata.name}`
      await rig.kube.apply(path, fn)
    },
  }
  const knownReason = scenario.knownToFail?.(rig.profile)
  const end = (failure?: string): Outcome => ({
    scenario,
    seconds: (Date.now() - startedAt) / 1000,
    figures,
    ...(failure === undefined ? {} : { failure }),
    ...(knownReason === undefined ? {} : { knownReason }),
  })
  try {
    rig.kubelet.useDaprd(daprdBinary(scenario.daprd ?? rig.profile.daprdVersion))
    await installProduct(rig)
    await rig.kube.create('/api/v1/namespaces', { metadata: { name: namespace } })
    await scenario.run(context)
    await removeNamespace(rig, namespace)
    return end()
  } catch (error) {
    const failure = { scenario: scenario.name, namespace, step, error: error as Error, ledgers }
    const text = await describeFailure(rig, failure)
    await removeNamespace(rig, namespace).catch(() => undefined)
    return end(text)
  }
}

/** What is in it goes first: the namespace controller looks only every 15 s whether what it waits for is gone. */
async function removeNamespace(rig: Rig, name: string): Promise<void> {
  const functions = `/apis/core.openfunction.io/v1beta1/namespaces/${name}/functions`
  await rig.kube.remove(functions)
  await until(`the Functions of ${name} are gone`, { seconds: 60 }, async () => {
    kill(rig, name)
    return (await rig.kube.list(functions)).items.length === 0
  })
  // Those of another operator, in the scenario that has one.
  await rig.kube.remove(`/apis/apps/v1/namespaces/${name}/deployments`)
  await until(`the pods of ${name} are gone`, { seconds: 60 }, () => {
    kill(rig, name)
    return rig.kubelet.pods(name).length === 0
  })
  const path = `/api/v1/namespaces/${name}`
  await rig.kube.remove(path)
  await until(`namespace ${name} is gone`, { seconds: 60 }, async () => (await rig.kube.find(path)) === undefined)
}

/** How a pod ends well is seen in the scenarios; here nobody waits for its grace time. */
function kill({ kubelet }: Rig, namespace: string): void {
  const ending = kubelet.pods(namespace).filter(({ isEnding }) => isEnding)
  for (const { containers } of ending) for (const { process } of containers) process?.signal('SIGKILL')
}
