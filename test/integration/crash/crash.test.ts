import { describe, expect, test } from 'vitest'
import { grpcWire } from '../../support/grpc-wire.ts'
import { httpWire } from '../../support/http-wire.ts'
import { measureFailures } from './failures.ts'
import { measureKills } from './kills.ts'

// The long form of it is main.ts.
test.each([httpWire, grpcWire])(
  '$protocol: no SIGKILL of a replica loses an event, and only what was in flight runs twice',
  async (wire) => {
    const figures = await measureKills(wire, 10)

    expect(figures).toMatchObject({ kills: 10, missing: 0, unexplained: 0, errors: 0 })
    expect(figures.duplicates).toBeLessThanOrEqual(figures.inFlightAtKill)
  },
)

describe.each([httpWire, grpcWire])('$protocol: everything fails', (wire) => {
  test('what a function answers is its answer: each event is tried once', async () => {
    const { events, attempts, succeeded } = await measureFailures(wire, 'fail', 100, 1)

    expect([attempts, succeeded]).toEqual([events, 0])
  })

  test('a connection that is reset is tried again within the budget', async () => {
    const { events, attempts, retries, mostAttempts } = await measureFailures(wire, 'reset', 300, 1)

    expect(attempts).toBeLessThanOrEqual(mostAttempts)
    // Some are on their way to a replica when their connection is reset for another one.
    expect(attempts).toBeLessThanOrEqual(events + retries)
    expect(retries).toBeGreaterThan(0)
  })

  test('while nobody takes a connection events wait, and each is tried once when somebody does', async () => {
    const { events, attempts, succeeded } = await measureFailures(wire, 'dead', 100, 1)

    expect([attempts, succeeded]).toEqual([events, events])
  })
})
