// A short mark of a content: tells one from another, and nothing of what it says.

/** The same for the same content, in whatever order a user wrote its maps: that must not replace a pod. What JSON leaves out is left out. */
export const mark = (content: unknown): string => (hashed(start, content) >>> 0).toString(16).padStart(8, '0')

// FNV-1a, 32 bits, over something like JSON with its keys in order. One walk: this is done for each workload of each sync.
const start = 0x811c9dc5
const prime = 0x01000193

function hashed(hash: number, value: unknown): number {
  if (typeof value === 'string') return withText(withText(withText(hash, '"'), value), '"')
  if (typeof value !== 'object' || value === null) return withText(hash, String(value))
  if (Array.isArray(value)) {
    let inner = withText(hash, '[')
    for (const item of value) inner = withText(hashed(inner, item), ',')
    return withText(inner, ']')
  }
  const fields = value as Readonly<Record<string, unknown>>
  let inner = withText(hash, '{')
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key]
    if (field !== undefined) inner = withText(hashed(withText(inner, key), field), ',')
  }
  return withText(inner, '}')
}

function withText(hash: number, text: string): number {
  let next = hash
  for (let i = 0; i < text.length; i += 1) next = Math.imul(next ^ text.charCodeAt(i), prime)
  return next
}
