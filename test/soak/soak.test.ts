// The short form of `make soak`.

import { expect, test } from 'vitest'
import { soak } from './soak.ts'

test.each(['http', 'grpc'] as const)(
  '%s: 10,000 events while replicas are killed and slow: none is lost, and none is left in the proxy',
  async (protocol) => {
    const { missing, kills, heldAtEnd, bufferedAtEnd } = await soak({
      protocol,
      events: 10_000,
      disturbEveryMs: 100,
      calmMs: 200,
    })

    expect({ missing, heldAtEnd, bufferedAtEnd }).toEqual({ missing: 0, heldAtEnd: 0, bufferedAtEnd: 0 })
    expect(kills).toBeGreaterThan(0)
  },
  60_000,
)
