// The figures of crash and balance, with real processes: node --import tsx test/integration/crash/main.ts [kills]
// Needs `make build`.

import { grpcWire } from '../../support/grpc-wire.ts'
import { httpWire } from '../../support/http-wire.ts'
import { measureKills } from './kills.ts'
import { measureShares } from './shares.ts'

const kills = Number(process.argv[2] ?? 1000)
const percent = (share: number) => `${(share * 100).toFixed(1)} %`

for (const wire of [httpWire, grpcWire]) {
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
