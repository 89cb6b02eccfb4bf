import { expect, test } from 'vitest'
import { grpcWire } from '../../support/grpc-wire.ts'
import { httpWire } from '../../support/http-wire.ts'
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
