// Runs the product against its real counterparts: a control plane, Metacontroller, daprd and brokers.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { enterPrivateWorld, isInside, requireMachine } from './rig/machine.ts'
import { paths, product, suite } from './rig/paths.ts'
import { type DaprdVersion, type Profile, profile, toolsOf } from './rig/profile.ts'
import { up } from './rig/rig.ts'
import { scenarios } from './scenarios/all.ts'
import { select, usage } from './scenarios/choice.ts'
import { conclude, figuresPage, runScenarios } from './scenarios/runner.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { keepRunning } from './scenarios/shell.ts'
import { buildTools } from './tools/build.ts'
import { installPackages } from './tools/packages.ts'

const figuresFile = `${suite}/FIGURES.md`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      profile: { type: 'string', default: process.env.PROFILE ?? 'default' },
      keep: { type: 'boolean' },
    },
  })
  if (values.help) {
    console.log(usage())
    return 0
  }
  const chosen = profile(values.profile, process.env)
  const choice = select(positionals)
  if (!isInside()) {
    prepare(
      chosen,
      choice.scenarios.flatMap(({ daprd }) => daprd ?? []),
    )
    return enterPrivateWorld()
  }
  const rig = await up(chosen)
  const end = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end.abort())
  // Interrupted: the kernel ends everything that lives in this world with us.
  end.signal.addEventListener('abort', () => !choice.isShell && process.exit(130))
  if (choice.isShell) {
    await keepRunning(rig, end.signal)
    return 0
  }
  const writesFigures = choice.form === 'campaign'
  const before = writesFigures ? figuresBefore(choice.scenarios) : ''
  const outcomes = await runScenarios(rig, choice.scenarios, choice.form, (soFar) => {
    if (writesFigures) writeFileSync(figuresFile, figuresPage(soFar, before))
  })
  const isGood = conclude(outcomes)
  if (values.keep) await keepRunning(rig, end.signal)
  await rig.down()
  return isGood ? 0 : 1
}

/** A campaign of every scenario begins a new page, one of some leaves the rest of the page as it is. */
function figuresBefore(chosen: readonly Scenario[]): string {
  const isWhole = chosen.length === scenarios.length
  return isWhole || !existsSync(figuresFile) ? '' : readFileSync(figuresFile, 'utf8')
}

function prepare(chosen: Profile, daprds: readonly DaprdVersion[]): void {
  requireMachine()
  for (const file of ['controller', 'proxy', 'framework']) {
    const main = `${product}/dist/${file}/main.js`
    if (!existsSync(main)) throw new Error(`${main} is missing: run \`make build\` first`)
  }
  installPackages()
  buildTools(toolsOf(chosen, daprds))
  console.log(`e2e: logs are in ${paths.logs}`)
}

try {
  process.exit(await main())
} catch (error) {
  console.error(`e2e: ${(error as Error).message}`)
  process.exit(1)
}
