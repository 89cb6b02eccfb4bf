// Header fields as flat lists (name, value, name, value): the shape that keeps order, spelling and number.

/** The first value of a field, by its lower-case name. */
export function headerValue(raw: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const each = raw[i] as string
    // By length first: this is asked of each field of each event.
    if (each.length === name.length && each.toLowerCase() === name) return raw[i + 1]
  }
  return undefined
}
