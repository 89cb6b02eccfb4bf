// The Huffman code of HPACK (RFC 7541 §5.2, Appendix B), read four bits at a time.

// The code is canonical: symbols of one length have consecutive codes, in the order of their numbers, so the lengths say
// it all. Symbol 256 is EOS, which no string may contain.
const codeLengths = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28],
  ...[28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15],
  ...[6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22],
  ...[20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23],
  ...[23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22],
  ...[22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26],
  ...[27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27],
  ...[26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30],
]
const eos = 256

// One step from a node of the code tree: the node that some bits lead to, and the symbol that they complete (no code is shorter than five).
const hasSymbol = 0x1_0000
const isEos = 0x2_0000

/**
 * The steps of one bit. In each row of the tree the leaves come first, in the order of their symbols, and then the nodes:
 * so rows of places are dealt out one after the other, two places for each node of the row before.
 */
function stepsOfOneBit(): Uint32Array {
  const steps = new Uint32Array(2 * eos)
  let filled = 0
  let nodes = 1
  for (let length = 1, places = 2; places > 0; length += 1) {
    for (let symbol = codeLengths.indexOf(length); symbol >= 0; symbol = codeLengths.indexOf(length, symbol + 1)) {
      steps[filled++] = symbol === eos ? isEos : hasSymbol | (symbol << 8)
      places -= 1
    }
    for (let i = 0; i < places; i += 1) steps[filled++] = nodes++
    places *= 2
  }
  return steps
}

/** Steps of twice as many bits, each of them two of the given ones. */
function twice(steps: Uint32Array, bits: number): Uint32Array {
  const wider = new Uint32Array(steps.length << bits)
  let filled = 0
  for (const first of steps) {
    const completed = first & ~0xff
    const from = (first & 0xff) << bits
    const to = from + (1 << bits)
    for (let at = from; at < to; at += 1) wider[filled++] = completed | (steps[at] as number)
  }
  return wider
}

const bitSteps = stepsOfOneBit()

/** Made for the first string: V8 takes it for work worth optimising, which costs a process that only waits 4 ms and 5 MiB. */
let nibbleSteps: Uint32Array | undefined

/** The nodes at which a string may end: padding is at most seven bits of the code of EOS, which is all ones. */
const mayEnd = new Uint8Array(eos)
for (let at = 0, bits = 0; bits <= 7; bits += 1) {
  mayEnd[at] = 1
  at = bitSteps[2 * at + 1] as number
}

/** The most that `length` bytes of Huffman code can become: no symbol has less than five bits. */
export const longestDecoded = (length: number): number => Math.floor((length * 8) / 5)

/** Decodes `source` from `start` to `end` into `target`; returns the length, or -1 if it is not Huffman code. */
export function decodeHuffman(source: Buffer, start: number, end: number, target: Buffer): number {
  nibbleSteps ??= twice(twice(bitSteps, 1), 2)
  const steps = nibbleSteps
  let at = 0
  let length = 0
  for (let i = start; i < end; i += 1) {
    const byte = source[i] as number
    const high = steps[at * 16 + (byte >>> 4)] as number
    if (high >= hasSymbol) target[length++] = high >>> 8
    const low = steps[(high & 0xff) * 16 + (byte & 15)] as number
    if (low >= hasSymbol) target[length++] = low >>> 8
    if (((high | low) & isEos) !== 0) return -1
    at = low & 0xff
  }
  return mayEnd[at] === 1 ? length : -1
}
