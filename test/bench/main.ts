// `make bench`: events through the proxy, checked one by one, and what they cost.

import { parseArgs } from 'node:util'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { type Load, type Measured, measureEvents } from './events.ts'
import { mustFail } from './ids.ts'
import { measureStarts } from './start.ts'

const help = `Sends events with unique ids through a proxy process and checks each; a known subset fails in the function.

Usage: make bench [EVENTS=10000] [CONCURRENCY=64] [REPLICAS=3]

Exit codes: 0 each event was handled once and had its own answer, 1 not so, 2 wrong use.
`

const number = (text: string | undefined, fallback: number) =>
  text === undefined || text === '' ? fallback : Number(text)

function readLoad(): Load | undefined {
  const options = { events: { type: 'string' }, concurrency: { type: 'string' }, replicas: { type: 'string' } } as const
  const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } })
  if (values.help) return undefined
  const load = {
    events: number(values.events, 10_000),
    concurrency: number(values.concurrency, 64),
    replicas: number(values.replicas, 3),
  }
  if (Object.values(load).some((value) => !Number.isInteger(value) || value < 1)) {
    process.stderr.write(help)
    process.exit(2)
  }
  return load
}

const isRight = (measured: Measured, load: Load): boolean => {
  const known = Array.from({ length: load.events }, (_, id) => id).filter(mustFail).length
  return measured.missing + measured.doubled + measured.wrongAnswers === 0 && measured.failedAsKnown === known
}

const load = readLoad()
if (load === undefined) {
  process.stdout.write(help)
  process.exit(0)
}

let isAllRight = true
const rows: Record<string, unknown>[] = []
for (const wire of [httpWire, grpcWire]) {
  process.stdout.write(`${load.events} events over ${wire.protocol}, ${load.concurrency} at a time …\n`)
  const measured = await measureEvents(wire, load)
  isAllRight &&= isRight(measured, load)
  rows.push({
    protocol: measured.protocol,
    missing: measured.missing,
    doubled: measured.doubled,
    'wrong answers': measured.wrongAnswers,
    'failed as known': measured.failedAsKnown,
    'per replica': measured.shares.join(' '),
    'events/s': Math.round(measured.eventsPerSecond),
    'proxy CPU µs/event': Math.round(measured.cpuMicrosPerEvent),
    'MiB idle': Math.round(measured.idleMiB),
    'MiB after': Math.round(measured.loadedMiB),
  })
}
console.table(rows)
process.stdout.write('start, median of 5 …\n')
const starts = await measureStarts(5)
console.table(
  starts.map(({ what, startMs, idleMiB }) => ({
    what,
    'start ms': Math.round(startMs),
    'MiB idle': Math.round(idleMiB),
  })),
)
process.stdout.write(isAllRight ? 'each event was handled once and had its own answer\n' : 'WRONG: see the table\n')
process.exit(isAllRight ? 0 : 1)
