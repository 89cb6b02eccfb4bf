// Which header fields of HTTP/1.1 travel on, and which end at this hop.

import { isNamed } from '../../h1/head.ts'

// RFC 9110 §7.6.1, plus what the proxy writes itself: it frames bodies anew.
const ends = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

// About a body in pieces: one that is kept until it is whole has no trailers, and waits for no permission.
const aboutPieces = new Set(['expect', 'trailer'])

// A sender must not be able to have these removed by naming them in Connection.
const stays = new Set(['dapr-api-token', 'traceparent', 'tracestate', 'baggage', 'content-type', 'host'])

/** The fields of a whole message that travel on to the next hop, in their order, spelling and number. */
export const endToEnd = (raw: readonly string[]): readonly string[] => kept(raw, false)

/** Those of a message whose body is passed on in pieces. */
export const endToEndOfPieces = (raw: readonly string[]): readonly string[] => kept(raw, true)

function kept(raw: readonly string[], isInPieces: boolean): string[] {
  const named = namedByConnection(raw)
  const fields: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    if (named === none && !mayEnd[name.length]) fields.push(name, raw[i + 1] as string)
    else if (!isEnding(name.toLowerCase(), named, isInPieces)) fields.push(name, raw[i + 1] as string)
  }
  return fields
}

const isEnding = (name: string, named: ReadonlySet<string>, isInPieces: boolean): boolean =>
  ends.has(name) || named.has(name) || (!isInPieces && aboutPieces.has(name))

/** By length: most names are told from those that end here without a look at their letters. */
const mayEnd: readonly boolean[] = [...ends, ...aboutPieces].reduce<boolean[]>((lengths, { length }) => {
  lengths[length] = true
  return lengths
}, [])

const none: ReadonlySet<string> = new Set()

function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  let named: Set<string> | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!isNamed(raw[i] as string, 'connection')) continue
    for (const token of (raw[i + 1] as string).split(',')) {
      const field = token.trim().toLowerCase()
      if (!stays.has(field)) {
        named ??= new Set()
        named.add(field)
      }
    }
  }
  return named ?? none
}
