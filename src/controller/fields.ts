// Maps with keys of a user, put together one by one: several times as fast as from a list of entries.

/** Sets a field, whatever it is called: plain assignment of `__proto__` would change what the map is. */
export function setField(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true })
  else map[key] = value
}
