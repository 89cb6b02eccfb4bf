// Which header fields of HTTP/1.1 travel on, and which end at this hop.

// RFC 9110 §7.6.1, plus what the proxy writes itself: it frames bodies anew, and has answered Expect already.
const ends = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// A sender must not be able to have these removed by naming them in Connection.
const stays = new Set(['dapr-api-token', 'traceparent', 'tracestate', 'baggage', 'content-type', 'host'])

/** The fields that travel on to the next hop, in their order, spelling and number. */
export function endToEnd(raw: readonly string[]): string[] {
  const named = namedByConnection(raw)
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    if (!ends.has(name) && !named.has(name)) kept.push(raw[i] as string, raw[i + 1] as string)
  }
  return kept
}

const none: ReadonlySet<string> = new Set()

function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  let named: Set<string> | undefined
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
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
