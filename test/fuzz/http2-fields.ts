// HPACK: any bytes are fields or the end of the connection, and what goes on means the same to anyone.

import { FieldReader } from '../../src/h2/field-reader.ts'
import { type FieldSection, readSection } from '../../src/h2/field-section.ts'
import { writeFields } from '../../src/h2/field-writer.ts'
import { ConnectionError, errorCode } from '../../src/h2/protocol.ts'
import type { Choices } from './choices.ts'
import type { Target } from './loop.ts'

/** Indexes, size updates, literals of every kind, Huffman code, integers of several bytes, and beginnings of them. */
const pieces = [
  '82', '83', '84', '86', '87', '88', 'be', 'bf', 'c5', '20', '3fe11f', '3f61', '400161', '0162', '00', '10', '7e', '7f80',
  '0f', '1f', 'ff', '80', '0003782d61', '8112', '4001', '61', '7f02', '40823b8f0162', '8207', '0085', '1f0801',
].map((hex) => Buffer.from(hex, 'hex')) // biome-ignore format: a table

/** Whole fields: kept out of tables, put into one, taken out of it, secret. */
const fields = ['0001610162', '4001610162', 'be', 'bf', '7e0163', '1001610162', '0f080162', '40017a82ffff'].map((hex) =>
  Buffer.from(hex, 'hex'),
)

const request = writeFields([':method', 'POST', ':scheme', 'http', ':path', '/a', ':authority', 'x'])
const kinds = ['request', 'response', 'trailers'] as const

/** A block that nearly means something. */
export function block(choices: Choices): Buffer {
  const parts: Buffer[] = choices.oneIn(3) ? [request] : []
  const isWhole = choices.oneIn(2)
  for (let left = choices.below(12); left > 0 && !choices.isOver; left -= 1) {
    if (isWhole) parts.push(choices.pick(fields))
    else parts.push(choices.oneIn(5) ? choices.bytes(10) : choices.pick(pieces))
  }
  return Buffer.concat(parts)
}

export const http2Fields: Target = {
  name: 'HPACK',
  part: 'http2',
  run(choices: Choices) {
    const reader = new FieldReader()
    const kind = choices.pick(kinds)
    for (let left = 4; left > 0 && !choices.isOver; left -= 1) {
      if (choices.oneIn(6)) reader.table.close()
      const bytes = choices.oneIn(50)
        ? Buffer.concat([Buffer.from('007fe9fe03', 'hex'), Buffer.alloc(70_000, 0x61)])
        : block(choices)
      const section = readOne(reader, bytes, kind)
      if (section === undefined) return
      if (section.fault === undefined) goesOn(Buffer.from(section.block), kind)
    }
  },
}

/** Undefined if it ends the connection. */
function readOne(reader: FieldReader, bytes: Buffer, kind: (typeof kinds)[number]): FieldSection | undefined {
  try {
    reader.begin(bytes, 0, bytes.length)
    return readSection(reader, kind, 65_536)
  } catch (error) {
    if (error instanceof ConnectionError && error.code === errorCode.compressionError) return undefined
    throw error
  }
}

/** Whoever has no table reads it, and it is the same when it goes on again. */
function goesOn(forwarded: Buffer, kind: (typeof kinds)[number]): void {
  const other = new FieldReader()
  other.table.close()
  other.begin(forwarded, 0, forwarded.length)
  const again = readSection(other, kind, 1 << 24)
  if (!again.block.equals(forwarded))
    throw new Error(`${forwarded.toString('hex')} goes on as ${again.block.toString('hex')}`)
}
