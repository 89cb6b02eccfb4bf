// New cases out of old ones.

const mostBytes = 600

export type Random = () => number

/** Chance that is the same in each run (xorshift32), fast. */
export function chance(seed: number): Random {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4294967296
  }
}

export function randomBytes(random: Random, most: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.floor(random() * (most + 1)))
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = random() * 256
  return bytes
}

/** `input` with one to four changes, some of them pieces of `other`. */
export function mutate(input: Buffer, other: Buffer, random: Random): Buffer {
  let bytes = input
  for (let left = 1 + Math.floor(random() * 4); left > 0; left -= 1) bytes = changed(bytes, other, random)
  return bytes.subarray(0, mostBytes)
}

function changed(input: Buffer, other: Buffer, random: Random): Buffer {
  const below = (count: number) => Math.floor(random() * count)
  const at = below(input.length + 1)
  const rest = (start: number) => input.subarray(start)
  switch (below(6)) {
    case 0:
      return Buffer.concat([input.subarray(0, at), randomBytes(random, 8), rest(at)])
    case 1:
      return Buffer.concat([input.subarray(0, at), rest(at + 1 + below(16))])
    case 2:
      return Buffer.concat([input.subarray(0, at), rest(at - below(at + 1))])
    case 3:
      return Buffer.concat([input.subarray(0, at), other.subarray(below(other.length + 1))])
    default: {
      const copy = Buffer.from(input)
      if (at < copy.length) copy[at] = random() < 0.5 ? below(256) : (copy[at] as number) + below(3) - 1
      return copy
    }
  }
}

/** A shorter input that fails as well: pieces are left out, smaller and smaller ones, as long as `fails`. */
export function shrink(input: Buffer, fails: (candidate: Buffer) => boolean): Buffer {
  let smallest = input
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < smallest.length; ) {
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      if (fails(candidate)) smallest = candidate
      else at += size
    }
  }
  return smallest
}
