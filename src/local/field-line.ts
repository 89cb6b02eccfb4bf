// Finds the line of a YAML file that a field path such as `spec.serving.inputs[0].component` points to.

import { type Document, isMap, isNode, isPair, isScalar, isSeq, type LineCounter, type Node } from 'yaml'

/** The line of the field, or of the nearest thing around it that is there; counted from 1. */
export function fieldLine(document: Document, field: string, lines: LineCounter): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : (document.range?.[0] ?? 0)
  for (const part of parts(field)) {
    const next = step(node, part)
    if (next === undefined) break
    offset = next.offset
    node = next.node
  }
  return lines.linePos(offset).line || 1
}

/** `a.b[0].c[x.y/z]` → a, b, 0, c, x.y/z */
const parts = (field: string): string[] =>
  [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, bracketed, plain]) => bracketed ?? plain ?? '')

function step(node: unknown, part: string): { node: unknown; offset: number } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)]
    return isNode(item) ? { node: item, offset: start(item) } : undefined
  }
  if (!isMap(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part)
  return isPair(pair) && isNode(pair.key) ? { node: pair.value, offset: start(pair.key) } : undefined
}

const start = (node: Node): number => node.range?.[0] ?? 0
