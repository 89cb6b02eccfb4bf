// Counts the bytes of all events that are buffered, and says no before there are too many.

import type { Memory } from '../dapr/server.ts'

export interface CountedMemory extends Memory {
  readonly taken: () => number
}

export function createMemory(limitBytes: number): CountedMemory {
  let taken = 0
  return {
    take(bytes) {
      if (taken + bytes > limitBytes) return false
      taken += bytes
      return true
    },
    give(bytes) {
      taken -= bytes
    },
    taken: () => taken,
  }
}
