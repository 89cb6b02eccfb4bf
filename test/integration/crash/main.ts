// `make crash`: the figures of failure, crash and balance, with real processes. Needs `make build`.
// Usage: main.ts [kills] [seconds]: how often a replica is killed, and for how long everything fails.

import { grpcWire } from '../../support/grpc-wire.ts'
import { httpWire } from '../../support/http-wire.ts'
import { type FailureFigures, measureFailures } from './failures.ts'
import { measureKills } from './kills.ts'
import { measureShares } from './shares.ts'

const kills = Number(process.argv[2] ?? 1000)
const seconds = Number(process.argv[3] ?? 60)
const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const wires = [httpWire, grpcWire]

/** A minute of failure has at most 1.2 attempts for an event, from 4 events a second on. */
const mostAttemptsEach = 1.2

/** Few events and many: what the budget allows beside its share weighs differently. Those that nobody takes fit those that may wait. */
const failures = [
  ['fail', 500],
  ['reset', 5],
  ['reset', 50],
  ['reset', 1000],
  ['dead', 30],
] as const

const row = (cells: readonly (string | number)[]) => `| ${cells.map((cell) => String(cell).padEnd(8)).join(' | ')} |`

if (seconds > 0) {
  process.stdout.write(`Everything fails for ${seconds} s:\n\n`)
  const head = ['protocol', 'failure', 'events/s', 'events', 'attempts', 'each', 'succeeded']
  process.stdout.write(`${row(head)}\n${row(head.map(() => '---'))}\n`)
}
for (const wire of seconds > 0 ? wires : []) {
  for (const [failure, perSecond] of failures) tell(await measureFailures(wire, failure, perSecond, seconds))
}

for (const wire of kills > 0 ? wires : []) {
  const { shares } = await measureShares(wire, 'least-loaded', Array(8).fill(5))
  const maxOfMean = Math.max(...shares) * shares.length
  process.stdout.write(`${wire.protocol}: 8 equal replicas: max/mean ${maxOfMean.toFixed(3)}\n`)
  for (const balance of ['least-loaded', 'round-robin']) {
    const slow = await measureShares(wire, balance, [5, 5, 5, 50])
    const share = percent(slow.shares[3] ?? 0)
    process.stdout.write(
      `${wire.protocol}: one of 4 ten times slower, ${balance}: ${share}, p99 ${slow.p99Ms.toFixed(0)} ms\n`,
    )
  }
  const failing = await measureShares(wire, 'least-loaded', [5, 5, 5, 'fail'])
  process.stdout.write(`${wire.protocol}: one of 4 failing fast: ${percent(failing.shares[3] ?? 0)} after a second\n`)
  process.stdout.write(`${wire.protocol}: kills: ${JSON.stringify(await measureKills(wire, kills))}\n`)
}

function tell({ protocol, failure, perSecond, events, attempts, attemptsEach, succeeded }: FailureFigures): void {
  const cells = [protocol, failure, perSecond, events, attempts, attemptsEach.toFixed(3), succeeded]
  process.stdout.write(`${row(cells)}\n`)
  if (seconds < 60 || attemptsEach <= mostAttemptsEach) return
  process.stdout.write(`more than ${mostAttemptsEach} attempts for an event\n`)
  process.exitCode = 1
}
