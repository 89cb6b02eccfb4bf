// The fields that HPACK numbers once and for all (RFC 7541 Appendix A).

import { type FieldName, fieldName } from './field-name.ts'

export interface TableField {
  readonly name: FieldName
  readonly value: Buffer
}

// The first fourteen have values.
const withValues = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
] as const

const namesAlone =
  'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control ' +
  'content-disposition content-encoding content-language content-length content-location content-range content-type ' +
  'cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since ' +
  'last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after ' +
  'server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate'

/** Field number `i` is at `i - 1`. */
export const staticTable: readonly TableField[] = [
  ...withValues.map(([name, value]) => ({ name: fieldName(name), value: Buffer.from(value) })),
  ...namesAlone.split(' ').map((name) => ({ name: fieldName(name), value: Buffer.alloc(0) })),
]

const nameIndexes = new Map<string, number>()
const fieldIndexes = new Map<string, number>()
for (const [i, { name, value }] of staticTable.entries()) {
  if (!nameIndexes.has(name.text)) nameIndexes.set(name.text, i + 1)
  fieldIndexes.set(`${name.text}\n${value.toString('latin1')}`, i + 1)
}

/** The number of the name, 0 if it has none. */
export const staticNameIndex = (name: string): number => nameIndexes.get(name) ?? 0

/** The number of the whole field, 0 if it has none. */
export const staticFieldIndex = (name: string, value: string): number => fieldIndexes.get(`${name}\n${value}`) ?? 0
