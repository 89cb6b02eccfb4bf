// Whatever a peer sends: no exception but the engine's own, no hang, nothing left behind. The long form is `make fuzz`.

import { expect, test } from 'vitest'
import { fuzz } from './loop.ts'
import { targets } from './targets.ts'

/** In all at least 10,000 of HTTP/1.1 and 20,000 of HTTP/2. */
const cases = { http: 4000, http2: 4400 }

test.each(targets)(
  '$name: nothing that comes breaks it',
  async (target) => {
    await expect(fuzz(target, { cases: cases[target.part], seed: 1 })).resolves.toEqual([])
  },
  120_000,
)
