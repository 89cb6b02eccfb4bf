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

// A node of the code tree is its two children; a child below zero is the leaf of symbol -1 - child.
type Node = [number, number]

function buildTree(): Node[] {
  const nodes: Node[] = [[0, 0]]
  let code = 0
  for (let length = 5; length <= 30; length += 1, code *= 2) {
    for (let symbol = 0; symbol <= eos; symbol += 1) {
      if (codeLengths[symbol] !== length) continue
      addLeaf(nodes, { code, length, symbol })
      code += 1
    }
  }
  return nodes
}

function addLeaf(
  nodes: Node[],
  leaf: { readonly code: number; readonly length: number; readonly symbol: number },
): void {
  let at = 0
  for (let bit = leaf.length - 1; bit >= 0; bit -= 1) {
    const node = nodes[at] as Node
    const side = (leaf.code >>> bit) & 1
    if (bit === 0) node[side] = -1 - leaf.symbol
    else if (node[side] === 0) node[side] = nodes.push([0, 0]) - 1
    at = node[side] as number
  }
}

// One step: the node that four bits lead to, and the symbol that they complete (no code is shorter than five bits).
const hasSymbol = 0x1_0000
const isEos = 0x2_0000

function buildSteps(nodes: readonly Node[]): Uint32Array {
  const steps = new Uint32Array(nodes.length * 16)
  for (let from = 0; from < nodes.length; from += 1) {
    for (let nibble = 0; nibble < 16; nibble += 1) steps[from * 16 + nibble] = step(nodes, from, nibble)
  }
  return steps
}

function step(nodes: readonly Node[], from: number, nibble: number): number {
  let at = from
  let completed = 0
  for (let bit = 3; bit >= 0; bit -= 1) {
    const child = (nodes[at] as Node)[(nibble >>> bit) & 1] as number
    if (child < 0) completed = -1 - child === eos ? isEos : hasSymbol | ((-1 - child) << 8)
    at = child < 0 ? 0 : child
  }
  return completed | at
}

const nodes = buildTree()
const steps = buildSteps(nodes)

/** The nodes at which a string may end: padding is at most seven bits of the code of EOS, which is all ones. */
const mayEnd = new Uint8Array(nodes.length)
for (let at = 0, bits = 0; bits <= 7; bits += 1) {
  mayEnd[at] = 1
  at = (nodes[at] as Node)[1]
}

/** The most that `length` bytes of Huffman code can become: no symbol has less than five bits. */
export const longestDecoded = (length: number): number => Math.floor((length * 8) / 5)

/** Decodes `source` from `start` to `end` into `target`; returns the length, or -1 if it is not Huffman code. */
export function decodeHuffman(source: Buffer, start: number, end: number, target: Buffer): number {
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
