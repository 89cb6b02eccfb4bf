// What several children ask for is made once.

/**
 * The same function, that works once for each object. What it gives must not be changed. It is kept in the object itself: a WeakMap would
 * carry it through the short rounds of the collector, and with it the request, whose death would cost more than its life.
 */
export function oncePer<Key extends object, Value extends object>(make: (key: Key) => Value): (key: Key) => Value {
  const slot: unique symbol = Symbol('made')
  return (key) => {
    const known = (key as Key & { readonly [slot]?: Value })[slot]
    if (known !== undefined) return known
    const value = make(key)
    // Not enumerable, so that neither a copy nor JSON has it.
    Object.defineProperty(key, slot, { value })
    return value
  }
}

/** The same for functions of a second argument, which is the same one for nearly all that ask. */
export function oncePerPair<Key extends object, Other, Value extends object>(
  make: (key: Key, other: Other) => Value,
): (key: Key, other: Other) => Value {
  const last = oncePer((_: Key): { other?: Other; value?: Value } => ({}))
  return (key, other) => {
    const kept = last(key)
    if (kept.value === undefined || kept.other !== other) Object.assign(kept, { other, value: make(key, other) })
    return kept.value as Value
  }
}
