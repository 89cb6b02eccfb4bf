// Who has more to say than fits into one turn of the event loop goes on later: one of them in each turn, in order.

const waiting: (() => void)[] = []

/** Calls `goOn` in a later turn, after those that asked before. */
export function takeTurn(goOn: () => void): void {
  if (waiting.push(goOn) === 1) setImmediate(next)
}

function next(): void {
  const goOn = waiting.shift()
  if (waiting.length > 0) setImmediate(next)
  goOn?.()
}
