// Random messages and metadata that are the same for the same seed.

import { createHash } from 'node:crypto'
import { Metadata } from '@grpc/grpc-js'

export interface Random {
  /** A whole number from 0 and less than `limit`. */
  below(limit: number): number
  bytes(size: number): Buffer
  /** 1 to 20 of them, each smaller than `most`. */
  messages(most: number): Buffer[]
  /** Several values of a name, binary ones among them, and 8 KiB in one on request. */
  metadata(isLarge: boolean): Metadata
  /** As many others as asked for, to be used at the same time. */
  many(count: number): Random[]
}

/** The generator xorshift32 of Marsaglia (2003), started by a hash of the seed. */
export function createRandom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0) || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const below = (limit: number): number => next() % limit
  const bytes = (size: number): Buffer => {
    const words = new Uint32Array(Math.ceil(size / 4))
    for (let index = 0; index < words.length; index += 1) words[index] = next()
    return Buffer.from(words.buffer, 0, size)
  }
  const messages = (most: number) => Array.from({ length: 1 + below(20) }, () => bytes(below(most)))
  const metadata = (isLarge: boolean): Metadata => {
    const fields = new Metadata()
    for (let index = 1 + below(12); index > 0; index -= 1) {
      for (let values = 1 + below(3); values > 0; values -= 1) {
        fields.add(`x-echo-${index}`, `value ${bytes(below(40)).toString('hex')}, with ; and = and "`)
        fields.add(`x-echo-${index}-bin`, bytes(below(60)))
      }
    }
    if (isLarge) fields.add('x-echo-large', 'large-'.repeat(8192 / 6))
    return fields
  }
  const many = (count: number) => Array.from({ length: count }, () => createRandom(String(next())))
  return { below, bytes, messages, metadata, many }
}
