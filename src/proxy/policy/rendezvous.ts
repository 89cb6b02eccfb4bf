// Rendezvous hashing: each key has a replica of its own, and only the keys of a replica that leaves move.

import { at, type Policy } from './policy.ts'

/** An event without a key goes where `fallback` says. */
export function rendezvous(fallback: Policy): Policy {
  const hashOfAddress = new Map<string, number>()
  const addressHash = (address: string): number => {
    let hash = hashOfAddress.get(address)
    if (hash === undefined) {
      // Addresses come and go for as long as the proxy lives.
      if (hashOfAddress.size > 10_000) hashOfAddress.clear()
      hash = hashOf(address)
      hashOfAddress.set(address, hash)
    }
    return hash
  }
  return (candidates, nowMs, key) => {
    if (key === undefined) return fallback(candidates, nowMs)
    const keyHash = hashOf(key)
    let best = at(candidates, 0)
    let bestScore = -1
    for (const candidate of candidates) {
      const score = mixed(keyHash ^ addressHash(candidate.address))
      if (score > bestScore) {
        best = candidate
        bestScore = score
      }
    }
    return best
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mixed(hash)
}

/** The finaliser of MurmurHash3: each bit of the input touches each bit of the result. */
function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16)
  mix = Math.imul(mix, 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
