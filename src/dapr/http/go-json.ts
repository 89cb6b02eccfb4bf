// JSON of a function as daprd takes it: read by Go, which finds a field whatever the case of its name (encoding/json).

/** Undefined if it is no JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** The value of a field of an object, by its lower-case name. The last of several counts. */
export function jsonField(value: unknown, lowerCaseName: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  let found: unknown
  for (const [name, each] of Object.entries(value)) {
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) found = each
  }
  return found
}
