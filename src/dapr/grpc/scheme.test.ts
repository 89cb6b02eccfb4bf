import { expect, test } from 'vitest'
import { FieldReader } from '../../h2/field-reader.ts'
import { writeFields } from '../../h2/field-writer.ts'
import { withScheme } from './scheme.ts'

/** As a client writes it that knows no static table, or none of this field. */
const literal = (scheme: string) =>
  Buffer.from([0x00, 7, ...Buffer.from(':scheme'), scheme.length, ...Buffer.from(scheme)])

function schemesOf(block: Buffer): string[] {
  const found: string[] = []
  const reader = new FieldReader()
  reader.begin(block, 0, block.length)
  while (reader.next()) if (reader.name.text === ':scheme') found.push(reader.valueText())
  return found
}

test.each(['http', 'https', 'gopher'])(
  'whatever it was (%s), it is that of the connection, and nothing else has changed',
  (was) => {
    const before = writeFields([':method', 'POST', ':path', '/a/b'])
    const after = Buffer.concat([writeFields([':authority', 'x', 'te', 'trailers']), Buffer.from([0x10, 1, 97, 1, 98])])

    for (const scheme of [writeFields([':scheme', was]), literal(was)]) {
      const block = Buffer.concat([before, scheme, after])
      for (const wanted of ['http', 'https'] as const) {
        const written = withScheme(block, wanted)

        expect(schemesOf(written)).toEqual([wanted])
        expect(written.subarray(0, before.length)).toEqual(before)
        expect(written.subarray(written.length - after.length)).toEqual(after)
        if (was === wanted) expect(written).toBe(block)
      }
    }
  },
)
