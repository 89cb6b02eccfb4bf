// Heads that come again: nearly all replies of a function have the same one, and so have the requests of a plain sender.

import { Buffer } from 'node:buffer'
import { isNamed } from './head.ts'

/** A head with one of these is not kept: how long a comparison with it takes must tell nobody what it is. */
const secrets = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'dapr-api-token']

/** Another head of the same length takes the place of the one before. */
const places = 64

/** Longer ones are not kept, in bytes: what is kept is some 100 KiB at most. */
const longest = 1024

/** Reads a head, without the empty line that ends it, which stands from `start` to `end` of `bytes`. Throws Malformed. */
export type ParseHead<Parsed> = (bytes: Buffer, start: number, end: number) => Parsed

interface WithFields {
  /** Name, value, name, value. */
  readonly fields: readonly string[]
}

const hasSecret = ({ fields }: WithFields): boolean =>
  fields.some((name, i) => i % 2 === 0 && secrets.some((secret) => isNamed(name, secret)))

/** `make`, which is not asked about the list that it had last: who reads a head that comes again hands out the same list. */
export function lasting<Made>(make: (fields: readonly string[]) => Made): (fields: readonly string[]) => Made {
  let last: { readonly fields: readonly string[]; readonly made: Made } | undefined
  return (fields) => {
    if (last?.fields !== fields) last = { fields, made: make(fields) }
    return last.made
  }
}

/** `parse`, which is not asked about a head that it has just read. What it makes of one is shared: nobody may change it. */
export function remembering<Parsed extends WithFields>(parse: ParseHead<Parsed>): ParseHead<Parsed> {
  const heads: Buffer[] = new Array(places).fill(Buffer.alloc(0))
  const all: (Parsed | undefined)[] = new Array(places).fill(undefined)
  return (bytes, start, end) => {
    const length = end - start
    const place = length % places
    const known = all[place]
    if (known !== undefined && heads[place]?.compare(bytes, start, end) === 0) return known
    const parsed = parse(bytes, start, end)
    if (length > longest || hasSecret(parsed)) return parsed
    heads[place] = Buffer.from(bytes.subarray(start, end))
    all[place] = parsed
    return parsed
  }
}
