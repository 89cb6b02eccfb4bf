// `dapr-proxy run`: Functions on one machine, from their files to the summary.

import { access } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings } from '../controller/settings.ts'
import { createDaprds } from './daprd.ts'
import type { Edge } from './edge.ts'
import { loadFunctions, problemLine, renderChildren } from './function-files.ts'
import { type LocalFunction, PlanError, planRun } from './plan/plan.ts'
import { createPorts } from './processes/free-port.ts'
import { LocalRun } from './processes/local-run.ts'
import { settingsOf } from './render.ts'
import { parseRunOptions, type RunOptions, runHelp } from './run-options.ts'
import { createDisplay, type Display, logLine } from './screen/display.ts'
import { hints } from './screen/hints.ts'
import { line, summary, table } from './screen/report.ts'
import { createEmbedded } from './sidecar/embedded.ts'
import type { Sidecars } from './sidecars.ts'

/** Resolves to the exit code. Throws a ConfigurationError for a wrong variable. */
export async function runCommand(argv: readonly string[], edge: Edge): Promise<number> {
  const parsed = parseRunOptions(argv, edge.env.DAPRD)
  if (parsed.kind === 'help') edge.stdout.write(runHelp)
  if (parsed.kind === 'help') return 0
  if (parsed.kind === 'wrong') edge.stderr.write(parsed.message)
  if (parsed.kind === 'wrong') return 2
  try {
    const functions = await plan(parsed.options, edge)
    return await runFunctions(functions, parsed.options, edge)
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    edge.stderr.write(`${error.message}\n`)
    return 1
  }
}

async function plan(options: RunOptions, edge: Edge): Promise<LocalFunction[]> {
  const settings: Settings = settingsOf(edge)
  const { functions, problems, notes } = await loadFunctions(options.files, edge.cwd, settings)
  for (const note of notes) edge.stderr.write(`${note}\n`)
  if (problems.length > 0) throw new PlanError(problems.map(problemLine).join('\n'))
  if (functions.length === 0) throw new PlanError(`there is no Function in ${options.files.join(', ')}`)
  const rendered = functions.map(({ fn, object, file, source }) => ({
    function: object,
    file,
    annotation: source,
    children: renderChildren(fn, settings),
  }))
  const planned = planRun(rendered, { ...options, cwd: edge.cwd })
  for (const { name, source } of planned) {
    await access(source.path).catch(() => {
      throw new PlanError(`${name}: its code is not there: ${source.path}`)
    })
  }
  return planned
}

async function runFunctions(functions: readonly LocalFunction[], options: RunOptions, edge: Edge): Promise<number> {
  const display = createDisplay(edge.stdout)
  const ports = createPorts(Math.random)
  const warn = (message: string) => display.print(message)
  const resources = (appId: string) =>
    functions.find(({ sidecar }) => sidecar?.appId === appId)?.sidecar?.resources ?? []
  const log = (name: string) => (text: string) => display.print(logLine(name, text))
  const sidecars: Sidecars =
    options.daprd === undefined
      ? createEmbedded(ports, warn, edge.env.APP_API_TOKEN)
      : createDaprds({ program: options.daprd, env: edge.env, ports, log, resources })
  const surroundings = { env: edge.env, execPath: edge.execPath, warn }
  const run = new LocalRun({ functions, sidecars, ports, surroundings, print: display.print })
  const asked = stopSignal(edge, run)
  try {
    await run.start(asked)
    if (!asked.aborted && !run.broken.aborted) await goOn({ run, sidecars, options, edge, display, asked })
  } finally {
    if (run.failure === undefined) display.print('stopping')
    await run.stop()
    display.clear()
  }
  const { lines, lost } = summary(run.reports())
  for (const each of lines) display.print(each)
  return lost === 0 && run.failure === undefined ? 0 : 1
}

// npx passes a Ctrl-C on to a process that has had it from the terminal already: that is one signal, not two.
const oneSignalMs = 1000

/** Aborted by the first signal; a later one ends every process at once. */
function stopSignal(edge: Edge, run: LocalRun): AbortSignal {
  const asked = new AbortController()
  let askedMs = 0
  const onSignal = () => {
    if (!asked.signal.aborted) askedMs = performance.now()
    else if (performance.now() - askedMs > oneSignalMs) run.kill()
    asked.abort()
  }
  edge.on('SIGINT', onSignal)
  edge.on('SIGTERM', onSignal)
  // What ends without us being asked, ends the children too.
  edge.on('exit', () => run.kill())
  return asked.signal
}

interface Going {
  readonly run: LocalRun
  readonly sidecars: Sidecars
  readonly options: RunOptions
  readonly edge: Edge
  readonly display: Display
  readonly asked: AbortSignal
}

const refreshMs = 1000
const linesEvery = 2

/** Events flow until the time is over, a signal comes or something breaks. */
async function goOn({ run, sidecars, options, edge, display, asked }: Going): Promise<void> {
  for (const each of ['', 'running:', ...run.addresses(), '']) display.print(each)
  for (const each of hints(run.reached(), run.controllerPort, edge.cwd)) display.print(each)
  display.print(options.forMs === undefined ? '\nCtrl-C stops it\n' : '')
  sidecars.produce(options.rate)
  let round = 0
  const show = async () => {
    await run.refresh()
    round += 1
    display.draw(['', ...table(run.reports())])
    if (!edge.stdout.isTTY && round % linesEvery === 0) for (const report of run.reports()) display.print(line(report))
  }
  const timer = setInterval(() => void show(), refreshMs)
  const signal = AbortSignal.any([asked, run.broken])
  // Without --for: as long as a timer can be.
  await sleep(options.forMs ?? 2_147_483_647, undefined, { signal }).catch(() => undefined)
  clearInterval(timer)
}
