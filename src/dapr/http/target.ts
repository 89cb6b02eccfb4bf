// The target of a request: what it is for, in the form in which it goes on.

export interface Target {
  /** Path and query, or `*`. */
  readonly target: string
  /** The path alone: what routes are found by. */
  readonly path: string
  /** The host that an absolute URL names; it takes the place of Host (RFC 9112 §3.2.2). */
  readonly host?: string
}

const absolute = /^https?:\/\/([^/?#]+)(.*)$/i

/** Undefined if it is neither a path, nor an absolute URL, nor `*`. */
export function readTarget(text: string): Target | undefined {
  if (text.startsWith('/') || text === '*') return { target: text, path: pathOf(text) }
  const [, host, rest = ''] = absolute.exec(text) ?? []
  if (host === undefined) return undefined
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return { target, path: pathOf(target), host }
}

function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}

/** The fields with another value of Host. */
export function withHost(fields: readonly string[], host: string): string[] {
  return fields.map((text, i) => (i % 2 === 1 && fields[i - 1]?.toLowerCase() === 'host' ? host : text))
}
