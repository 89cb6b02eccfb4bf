// `make bench`: is every event handled once, and what does that cost beside nginx and haproxy?

import { copyFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { type Bar, barsOf } from './bars.ts'
import { readBaseline, worseThan, writeBaseline } from './baseline.ts'
import { cellName } from './cells.ts'
import { leaveTheProxyAlone } from './cores.ts'
import { plot } from './plot.ts'
import { cache, preparePrograms } from './programs.ts'
import { type Kept, watchEvents } from './promise.ts'
import { cpuRatios, latencyRatios, memoryRatio, type Ratio, startRatios } from './ratios.ts'
import { report } from './report.ts'
import { type Measured, measureRounds, type Plan } from './rounds.ts'
import { measureStarts } from './start.ts'

const help = `Sends events through a proxy process: is each handled once, and what does it cost beside nginx and haproxy?

Usage: make bench [FOR=whole|quick|baseline] [PROXY=/path/dist/proxy/main.js] [ONLY=http|grpc] [PROFILE=folder]

  whole     all loads (default); minutes
  quick     a few of them
  baseline  all of them, and their ratios become what later runs are held to (test/bench/baseline.json)
  ONLY      one protocol
  PROXY     another build than that of this checkout
  PROFILE   write CPU profiles there; the figures of such a run mean nothing

Exit codes: 0 fine, 1 an event was lost, or a ratio is worse than the baseline allows, or a bar is missed, 2 wrong use.
`

const { values } = parseArgs({ options: { for: { type: 'string', default: 'whole' }, help: { type: 'boolean' } } })
if (values.help) {
  process.stdout.write(help)
  process.exit(0)
}
if (!['whole', 'quick', 'baseline'].includes(values.for)) {
  process.stderr.write(help)
  process.exit(2)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
/** One of the two, where only its path has changed. */
const protocols = (['http', 'grpc'] as const).filter((protocol) => [undefined, '', protocol].includes(process.env.ONLY))
const isQuick = values.for === 'quick'

async function keepsItsPromise(): Promise<boolean> {
  const kept: Kept[] = []
  for (const wire of [httpWire, grpcWire].filter(({ protocol }) => protocols.includes(protocol))) {
    const load = { events: isQuick ? 2000 : 10_000, concurrency: 64, replicas: 3 }
    say(`${load.events} events over ${wire.protocol}, ${load.concurrency} at a time, each watched`)
    kept.push(await watchEvents(wire, load))
  }
  console.table(kept.map(({ shares, ...rest }) => ({ ...rest, shares: shares.join(' ') })))
  return kept.every(({ isKept }) => isKept)
}

const ratiosOf = (measured: Measured): Ratio[] => [...cpuRatios(measured), ...latencyRatios(measured)]

const isMissed = ({ value, now }: Bar): boolean => now !== undefined && value > now

interface Suspects {
  readonly missed: readonly Bar[]
  readonly worse: readonly Ratio[]
}

/** What is missed or looks worse is measured once more, on its own and longer: the machine may have been busy. */
async function lookTwice({ missed, worse }: Suspects, plan: Plan): Promise<Suspects> {
  const once = ({ cells = [] }: Bar | Ratio) => cells.length === 0
  const found = { missed: missed.filter(once), worse: worse.filter(once) }
  for (const protocol of protocols) {
    const own = [...missed, ...worse].filter(({ cells }) => cells?.[0]?.protocol === protocol)
    if (own.length === 0) continue
    const names = own.map(({ name }) => name)
    say(`measured again: ${names.join('; ')}`)
    const loads = own.flatMap(({ cells = [] }) => cells.map(cellName))
    const longer = { ...plan, rounds: plan.rounds * 2 }
    const again = await measureRounds(protocol, longer, say, (cell) => loads.includes(cellName(cell)))
    const bars = barsOf({ measured: [again], starts, ratios: ratiosOf(again) })
    const isAsked = ({ name }: Bar | Ratio) => names.includes(name)
    found.missed.push(...bars.filter(isMissed).filter(isAsked))
    found.worse.push(...worseThan(readBaseline(), ratiosOf(again)).filter(isAsked))
  }
  return found
}

const contenders = ['proxy', ...preparePrograms(say), 'byte relay'] as const
const plan: Plan = { contenders, rounds: isQuick ? 3 : 5, isQuick }
leaveTheProxyAlone()
const isKept = await keepsItsPromise()
say('start and idle memory')
const starts = await measureStarts(isQuick ? 5 : 11)
const measured: Measured[] = []
for (const protocol of protocols) measured.push(await measureRounds(protocol, plan, say))
const ratios = [
  ...measured.flatMap(ratiosOf),
  ...startRatios(starts),
  ...measured.map((each) => memoryRatio(each, starts)),
]

const bars = barsOf({ measured, starts, ratios })
const text = report({ measured, starts, ratios, bars, baseline: readBaseline() })
say(`\n${text}`)
writeFileSync(`${cache}/figures.md`, text)
writeFileSync(`${cache}/plot.svg`, plot(measured))
say(`table and plot: ${cache}/figures.md ${cache}/plot.svg`)
if (values.for === 'baseline') {
  writeBaseline(ratios, protocols.length === 1)
  for (const [from, to] of [
    ['figures.md', 'FIGURES.md'],
    ['plot.svg', 'plot.svg'],
  ]) {
    copyFileSync(`${cache}/${from}`, fileURLToPath(new URL(to as string, import.meta.url)))
  }
}

const suspects = { missed: bars.filter(isMissed), worse: worseThan(readBaseline(), ratios) }
const { missed, worse } = await lookTwice(suspects, plan)
if (!isKept) say('WRONG: an event was not handled once, or had not its own answer')
for (const { name, value, now, unit } of missed)
  say(`MISSED: ${name} is ${value.toPrecision(3)} ${unit}, at most ${now}`)
for (const { name, value } of worse) {
  say(`WORSE: ${name} is ${value.median.toPrecision(3)}, was ${readBaseline()[name]}`)
}
const isFine = isKept && missed.length + worse.length === 0
say(isFine ? 'every event was handled once, and at no higher cost than before' : 'the bench has failed')
process.exit(isFine ? 0 : 1)
