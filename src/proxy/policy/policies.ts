// The policies by name. A new one is a file beside this one and a line below.

import { leastLoadedOfTwo } from './least-loaded.ts'
import { at, type Candidate, easedIn, type Policy } from './policy.ts'
import { rendezvous } from './rendezvous.ts'

/** The values of PROXY_BALANCE. */
export const balances = ['least-loaded', 'round-robin', 'random', 'hash'] as const

export type Balance = (typeof balances)[number]

/** `random` gives a number in [0, 1). */
export function createPolicy(balance: Balance, random: () => number): Policy {
  switch (balance) {
    case 'least-loaded':
      return leastLoadedOfTwo(random)
    case 'round-robin':
      return roundRobin(random)
    case 'random':
      return atRandom(random)
    case 'hash':
      return rendezvous(leastLoadedOfTwo(random))
  }
}

function roundRobin(random: () => number): Policy {
  let turn = -1
  return (candidates, nowMs) => {
    turn = (turn + 1) % candidates.length
    return inTurn(candidates, turn, nowMs, random)
  }
}

function atRandom(random: () => number): Policy {
  return (candidates, nowMs) => inTurn(candidates, Math.floor(random() * candidates.length), nowMs, random)
}

function inTurn<C extends Candidate>(candidates: readonly C[], index: number, nowMs: number, random: () => number): C {
  return easedIn(at(candidates, index), at(candidates, (index + 1) % candidates.length), nowMs, random)
}
