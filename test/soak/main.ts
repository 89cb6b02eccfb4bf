// `make soak`: millions of events through a proxy process. Needs `make build`.

import { parseArgs } from 'node:util'
import { leaveTheProxyAlone } from '../bench/cores.ts'
import { attacks } from '../h2/attack-list.ts'
import { type AttackFigures, measureUnderAttack } from './attacked.ts'
import { type HeldFigures, holdMillion } from './held.ts'
import { type Figures, soak } from './soak.ts'

const usage = `Usage: make soak [FOR=events] [PROTOCOL=http|grpc] [HELD=bytes] [ATTACK=ms]

Sends events at full speed to a proxy with three replicas; every ten seconds one of them is killed or takes its time.

  FOR       events of each protocol; default 2000000
  PROTOCOL  one of the two
  ATTACK    other events while HTTP/2 is attacked, by attackers that come again so many milliseconds after they were cut
  HELD      no replica at all, and events of so many bytes: what memory do they take? Default FOR: 1000000

Ends with a table, and with 1 if an event was lost, memory grew by more than 16 MiB after the first quarter, a socket was left,
what waits takes more than 50 MiB, or an attack more than 32 MiB.
`

const { values } = parseArgs({
  options: {
    for: { type: 'string' },
    protocol: { type: 'string' },
    held: { type: 'string' },
    attack: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const protocols = (['http', 'grpc'] as const).filter(
  (each) => values.protocol === undefined || values.protocol === each,
)
const events = Number(values.for ?? (values.held === undefined ? 2_000_000 : 1_000_000))
const mostMoreMiB = 16
/** Above calm, whatever waits. */
const mostHeldMiB = 50

const isFine = ({ missing, residentMiB, sockets: [before, after], timers: [earlier, later] }: Figures): boolean =>
  missing === 0 &&
  Math.max(...residentMiB.slice(2)) - (residentMiB[1] ?? 0) <= mostMoreMiB &&
  after <= before &&
  later <= earlier

/** Tells at most every five seconds. */
function teller(protocol: string): (sent: number, residentMiB: number) => void {
  let toldMs = performance.now()
  return (sent, residentMiB) => {
    if (performance.now() - toldMs < 5000) return
    toldMs = performance.now()
    process.stderr.write(`${protocol}: ${sent} of ${events}, ${residentMiB.toFixed(1)} MiB\n`)
  }
}

function tell(figures: Figures | HeldFigures | AttackFigures, isGood: boolean): boolean {
  process.stdout.write(`\n${isGood ? 'ok' : 'NOT OK'}\n`)
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`  ${name.padEnd(18)} ${[value].flat().join(', ')}\n`)
  }
  return isGood
}

/** Above calm, while HTTP/2 is attacked. */
const mostAttackMiB = 32

/** Times and ratios of a noisy machine are told, and judged by whoever reads them. */
async function tellOfAttacks(pauseMs: number): Promise<boolean> {
  let isGood = true
  leaveTheProxyAlone()
  for (const { name } of attacks) {
    const figures = await measureUnderAttack(name, pauseMs)
    const round = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(round)
      return typeof value === 'number' ? Math.round(value * 100) / 100 : value
    }
    const rounded = Object.entries(figures).map(([key, value]) => [key, round(value)])
    isGood = tell(Object.fromEntries(rounded), figures.failed === 0 && figures.moreMiB <= mostAttackMiB) && isGood
  }
  return isGood
}

async function main(): Promise<boolean> {
  if (values.attack !== undefined) return tellOfAttacks(Number(values.attack))
  let isGood = true
  for (const protocol of protocols) {
    const onProgress = teller(protocol)
    if (values.held !== undefined) {
      const lanes = protocol === 'http' ? 1024 : 2048
      const figures = await holdMillion({ protocol, events, lanes, bytes: Number(values.held), onProgress })
      isGood = tell(figures, figures.highestMiB - figures.calmMiB <= mostHeldMiB) && isGood
    } else {
      const figures = await soak({ protocol, events, disturbEveryMs: 10_000, calmMs: 6000, onProgress })
      isGood = tell(figures, isFine(figures)) && isGood
    }
  }
  return isGood
}

if (values.help) process.stdout.write(usage)
else if (protocols.length === 0 || !Number.isInteger(events) || events < 1) {
  process.stderr.write(usage)
  process.exitCode = 2
} else process.exitCode = (await main()) ? 0 : 1
process.exit()
