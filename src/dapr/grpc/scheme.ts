// The `:scheme` of a request, where the connection to the replica is another than that of daprd: some servers refuse calls that
// are said to have come in another way than they have (Kestrel, unless AllowAlternateSchemes is set).

import { FieldReader } from '../../h2/field-reader.ts'

export type Scheme = 'http' | 'https'

const reader = new FieldReader()
// It remembers nothing of what it reads.
reader.table.resize(0)

/** Numbers of the static table (RFC 7541 appendix A). */
const indexed: Readonly<Record<Scheme, Buffer>> = { http: Buffer.from([0x86]), https: Buffer.from([0x87]) }

/** The block refers to no table. All other fields stay byte for byte. */
export function withScheme(block: Buffer, scheme: Scheme): Buffer {
  reader.begin(block, 0, block.length)
  while (reader.next()) {
    if (reader.name.text !== ':scheme') continue
    if (reader.valueText() === scheme) return block
    return Buffer.concat([block.subarray(0, reader.fieldStart), indexed[scheme], block.subarray(reader.fieldEnd)])
  }
  return block
}
