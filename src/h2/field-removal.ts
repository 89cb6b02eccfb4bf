// Takes a field out of a block that refers to no table; all others stay byte for byte, never-indexed ones as well.

import { FieldReader } from './field-reader.ts'

export interface Removed {
  readonly block: Buffer
  /** What the field was, as often as it was there. */
  readonly values: readonly string[]
}

const reader = new FieldReader()
// It remembers nothing of what it reads.
reader.table.resize(0)

/** `name` is in lower case. */
export function withoutField(block: Buffer, name: string): Removed {
  const rest: Buffer[] = []
  const values: string[] = []
  let from = 0
  reader.begin(block, 0, block.length)
  while (reader.next()) {
    if (reader.name.text !== name) continue
    values.push(reader.valueText())
    rest.push(block.subarray(from, reader.fieldStart))
    from = reader.fieldEnd
  }
  if (values.length === 0) return { block, values }
  return { block: Buffer.concat([...rest, block.subarray(from)]), values }
}
