// Blocks of memory that are used again: what is left to the collector piles up for hundreds of events.

/** Smaller ones are Node's to make: they weigh little. */
const smallest = 16 * 1024

/** Larger ones are rare, and the system gets them back (glibc maps them one by one). */
const largest = 120 * 1024

/** Blocks come in multiples of this, so that one of an earlier use fits. */
const unit = 4 * 1024

/** Bytes that wait for their next use. */
const mostFree = 16 * 1024 * 1024

const free: Buffer[][] = []
let freeBytes = 0

/** A block with room for so many bytes at least. */
export function takeBlock(bytes: number): Buffer {
  if (bytes < smallest || bytes > largest) return Buffer.allocUnsafe(bytes)
  const units = Math.ceil(bytes / unit)
  const block = free[units]?.pop()
  if (block === undefined) return Buffer.allocUnsafeSlow(units * unit)
  freeBytes -= block.length
  return block
}

/** Nobody looks into it any more. */
export function giveBlock(block: Buffer): void {
  if (block.length < smallest || block.length > largest || freeBytes + block.length > mostFree) return
  const units = block.length / unit
  if (!Number.isInteger(units)) return
  free[units] ??= []
  free[units].push(block)
  freeBytes += block.length
}
