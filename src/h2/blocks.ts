// Blocks of memory that are used again: what is left to the collector piles up for hundreds of events.

/** Smaller ones are Node's to make: they weigh little. */
const smallest = 16 * 1024

/** Larger ones are rare. */
const largest = 120 * 1024

/** Blocks come in multiples of this, so that one of an earlier use fits. */
const unit = 4 * 1024

/** What nobody has needed for so long is freed, in milliseconds. */
const restMs = 1000

/** The free blocks of one size; the last one was used last. */
interface Shelf {
  readonly blocks: Buffer[]
  /** As many were free all the time since the last look. */
  fewest: number
}

/** By units. As much lies here as the last two seconds needed, and events may need no more than they may hold. */
const shelves: readonly Shelf[] = Array.from({ length: largest / unit + 1 }, () => ({ blocks: [], fewest: 0 }))
let isLooking = false

/** A block with room for so many bytes at least. */
export function takeBlock(bytes: number): Buffer {
  if (bytes < smallest || bytes > largest) return Buffer.allocUnsafe(bytes)
  const units = Math.ceil(bytes / unit)
  const shelf = shelves[units] as Shelf
  const block = shelf.blocks.pop()
  if (block === undefined) return Buffer.allocUnsafeSlow(units * unit)
  shelf.fewest = Math.min(shelf.fewest, shelf.blocks.length)
  return block
}

/** Nobody looks into it any more. */
export function giveBlock(block: Buffer): void {
  if (block.length < smallest || block.length % unit !== 0) return
  const shelf = shelves[block.length / unit]
  if (shelf === undefined) return
  shelf.blocks.push(block)
  if (!isLooking) setTimeout(letGo, restMs).unref()
  isLooking = true
}

function letGo(): void {
  for (const shelf of shelves) {
    for (const { buffer } of shelf.blocks.splice(0, shelf.fewest)) free(buffer as ArrayBuffer)
    shelf.fewest = shelf.blocks.length
  }
  isLooking = shelves.some(({ blocks }) => blocks.length > 0)
  if (isLooking) setTimeout(letGo, restMs).unref()
}

/**
 * A block is old, so only a full collection would free it, and those are rare: as a rule not before 64 MiB of such memory have
 * piled up. A young object that has taken it over goes with the next small one. (From Node 22 on `transfer(0)` frees it at once.)
 */
function free(memory: ArrayBuffer): void {
  structuredClone(memory, { transfer: [memory] })
}
