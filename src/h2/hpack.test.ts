import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FieldReader } from './field-reader.ts'
import { withoutField } from './field-removal.ts'
import { fieldList, readSection } from './field-section.ts'
import { writeFields } from './field-writer.ts'
import { decodeHuffman, longestDecoded } from './huffman.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')

function read(reader: FieldReader, block: Buffer): string[] {
  const fields: string[] = []
  reader.begin(block, 0, block.length)
  while (reader.next()) fields.push(`${reader.name.text}: ${reader.valueText()}`)
  return fields
}

const get = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']
const requests = [
  get,
  [...get, 'cache-control: no-cache'],
  [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com', 'custom-key: custom-value'],
]
const dated = ['cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', 'location: https://www.example.com']
const responses = [
  [':status: 302', ...dated],
  [':status: 307', ...dated],
  [
    ...[':status: 200', 'cache-control: private', 'date: Mon, 21 Oct 2013 20:13:22 GMT'],
    ...['location: https://www.example.com', 'content-encoding: gzip'],
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
]

describe('RFC 7541 Appendix C', () => {
  test.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header'],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path'],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s', (_section, block, field) => {
    expect(read(new FieldReader(), bytes(block))).toEqual([field])
  })

  test('C.3 and C.4: requests, without and with Huffman code', () => {
    const plain = new FieldReader()
    expect(read(plain, bytes('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'))).toEqual(requests[0])
    expect(read(plain, bytes('8286 84be 5808 6e6f 2d63 6163 6865'))).toEqual(requests[1])
    expect(read(plain, bytes('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'))).toEqual(
      requests[2],
    )
    const coded = new FieldReader()
    expect(read(coded, bytes('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toEqual(requests[0])
    expect(read(coded, bytes('8286 84be 5886 a8eb 1064 9cbf'))).toEqual(requests[1])
    expect(read(coded, bytes('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toEqual(requests[2])
  })

  test('C.5 and C.6: responses, with a table of 256 bytes that evicts', () => {
    const plain = new FieldReader()
    plain.table.resize(256)
    const first =
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 54' +
      '6e17 6874 7470 733a 2f2f 7777 772e 6578 616d 706c 652e 636f 6d'
    expect(read(plain, bytes(first))).toEqual(responses[0])
    expect(read(plain, bytes('4803 3330 37c1 c0bf'))).toEqual(responses[1])
    const third =
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f' +
      '3d41 5344 4a4b 4851 4b42 5a58 4f51 5745 4f50 4955 4158 5157 454f 4955 3b20 6d61 782d 6167 653d 3336 3030 3b20 7665' +
      '7273 696f 6e3d 31'
    expect(read(plain, bytes(third))).toEqual(responses[2])

    const coded = new FieldReader()
    coded.table.resize(256)
    const codedFirst =
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b' +
      '97c8 e9ae 82ae 43d3'
    expect(read(coded, bytes(codedFirst))).toEqual(responses[0])
    expect(read(coded, bytes('4883 640e ffc1 c0bf'))).toEqual(responses[1])
    const codedThird =
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf' +
      'cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07'
    expect(read(coded, bytes(codedThird))).toEqual(responses[2])
  })
})

describe('Huffman code', () => {
  const decode = (hex: string) => {
    const source = bytes(hex)
    return decodeHuffman(source, 0, source.length, Buffer.alloc(longestDecoded(source.length)))
  }

  test.each([
    ['more than seven bits of padding', '1fff'],
    ['padding that is not ones', '18'],
    ['EOS', '3fffffff'],
    ['EOS behind a symbol', '1fffffffff'],
  ])('%s is refused', (_what, hex) => {
    expect(decode(hex)).toBe(-1)
  })

  test('padding of ones is none of the text', () => {
    expect(decode('1f')).toBe(1)
  })
})

describe('a block that cannot be read ends the connection', () => {
  test.each([
    ['index 0', '80'],
    ['an index beyond the tables', 'be'],
    ['a name beyond the tables', '7e 01 61'],
    ['a string beyond the block', '00 05 61'],
    ['a field without a value', '00 01 61'],
    ['an integer without end', 'ff ff ff ff ff ff ff ff ff'],
    ['an integer too large', 'ff ff ff ff 7f'],
    ['a size update above the limit', '3f e2 1f'],
    ['a size update behind a field', '82 20'],
    ['a value with false padding', '00 01 61 81 18'],
  ])('%s', (_what, hex) => {
    expect(() => read(new FieldReader(), bytes(hex))).toThrow(expect.objectContaining({ code: 9 }))
  })

  test('what used the table has to empty it when it may not use it any more', () => {
    const reader = new FieldReader()
    read(reader, bytes('400161 0162'))
    reader.table.close()

    expect(() => read(reader, bytes('82'))).toThrow('a size update is due')
  })

  test('an update to more than the limit of 0 is none', () => {
    const reader = new FieldReader()
    reader.table.close()

    expect(() => read(reader, bytes('21 82'))).toThrow(expect.objectContaining({ code: 9 }))
  })

  test('who never used the table owes nothing, and has it until it says otherwise', () => {
    const reader = new FieldReader()
    reader.table.close()

    expect(read(reader, bytes('400161 0162'))).toEqual(['a: b'])
    expect(read(reader, bytes('be'))).toEqual(['a: b'])
    expect(read(reader, bytes('20 400161 0162'))).toEqual(['a: b'])
    expect(() => read(reader, bytes('be'))).toThrow(expect.objectContaining({ code: 9 }))
  })
})

describe('a section as it travels on', () => {
  const section = (reader: FieldReader, hex: string) => {
    const block = bytes(hex)
    reader.begin(block, 0, block.length)
    return readSection(reader, 'trailers', 65_536)
  }

  test('goes on byte for byte, without its size updates', () => {
    expect(section(new FieldReader(), '20 3f e1 1f 400161 0162 00 01 63 01 64').block).toEqual(
      bytes('4001610162 0001630164'),
    )
  })

  test('is freed of a table, and the rest stays as it was', () => {
    const reader = new FieldReader()
    section(reader, '40 01 61 01 62')
    const { block } = section(reader, '00 01 63 01 64 be 7e 81 1f 1f 2f 01 65')

    expect(fieldList(block)).toEqual(['c', 'd', 'a', 'b', 'a', 'a', 'a', 'e'])
    expect(block.subarray(0, 5)).toEqual(bytes('0001630164'))
    // The last one was never to be indexed, and still is not.
    expect(block.at(-5)).toBe(0x10)
  })

  test('has its secrets never indexed', () => {
    const { block } = section(new FieldReader(), '400d 617574686f72697a6174696f6e 0178')

    expect(block).toEqual(bytes('1f08 0178'))
    expect(fieldList(block)).toEqual(['authorization', 'x'])
  })

  const request = writeFields([':method', 'POST', ':scheme', 'http', ':path', '/known', ':authority', 'x'])
  const again = (block: Buffer, kind: 'request' | 'trailers' = 'request') =>
    [0, 1, 2].map(() => {
      const reader = new FieldReader()
      reader.begin(block, 0, block.length)
      return readSection(reader, kind, 65_536)
    })

  test('is read twice at most, on whatever connection, and not taken for another kind', () => {
    const [, second, third] = again(request)

    expect(third).toBe(second)
    expect(third).toMatchObject({ path: '/known', block: request })
    expect(again(request, 'trailers').map(({ fault }) => fault)).not.toContain(undefined)
  })

  test('is a copy: the read that it came with may be written over', () => {
    const fields = writeFields([':method', 'POST', ':scheme', 'http', ':path', '/copy', ':authority', 'x'])
    const block = Buffer.alloc(fields.length, fields)

    expect(again(block)[2]?.block.buffer).not.toBe(block.buffer)
  })

  test('goes into a table, however often it was read without one', () => {
    const without = new FieldReader()
    section(without, '20')
    const block = '40 03 6b 6e 6f 01 31'
    for (const _ of [1, 2]) section(without, block)
    const reader = new FieldReader()

    expect(fieldList(section(reader, block).block)).toEqual(['kno', '1'])
    expect(fieldList(section(reader, 'be').block)).toEqual(['kno', '1'])
    expect(() => section(without, 'be')).toThrow(expect.objectContaining({ code: 9 }))
  })

  test('that refers to a table is read each time', () => {
    const reader = new FieldReader()
    section(reader, '40 01 61 01 31')
    expect(fieldList(section(reader, 'be').block)).toEqual(['a', '1'])
    section(reader, '40 01 61 01 32')

    expect(fieldList(section(reader, 'be').block)).toEqual(['a', '2'])
  })

  test('with a credential is not remembered', () => {
    const [, second, third] = again(writeFields(['dapr-api-token', 'x']), 'trailers')

    expect(third).toEqual(second)
    expect(third).not.toBe(second)
  })

  test('is what was written, whatever the text', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,80}$/)
    const value = fc.stringMatching(/^([!-~]([ -~]{0,200}[!-~])?)?$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 20 }), (fields) => {
        expect(fieldList(writeFields(fields.flat()))).toEqual(fields.flat())
      }),
      { numRuns: 300 },
    )
  })
})

describe('a field that is taken out', () => {
  const token = bytes('10 01 74 02 6f 6b')
  const others = [bytes('83'), bytes('10 01 61 01 31'), bytes('40 01 62 01 32'), bytes('1f 08 81 07')]

  test('leaves the others byte for byte, wherever it stood and however often', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...others, token, token, token], { minLength: 1 }), (fields) => {
        const left = fields.filter((field) => field !== token)

        expect(withoutField(Buffer.concat(fields), 't')).toEqual({
          block: Buffer.concat(left),
          values: fields.filter((field) => field === token).map(() => 'ok'),
        })
      }),
    )
  })

  test('is found by its number and in Huffman code as well', () => {
    const { block, values } = withoutField(bytes('83 1f 08 81 07 84'), 'authorization')

    expect(block).toEqual(bytes('83 84'))
    expect(values).toEqual(['0'])
  })
})

describe('a section that is malformed', () => {
  const fault = (kind: 'request' | 'response' | 'trailers', ...fields: string[]) => {
    const block = writeFields(fields)
    const reader = new FieldReader()
    reader.begin(block, 0, block.length)
    return readSection(reader, kind, 1000).fault
  }
  const request = [':method', 'POST', ':scheme', 'http', ':path', '/a', ':authority', 'x']

  test('none of these is', () => {
    expect(fault('request', ...request, 'te', 'trailers')).toBeUndefined()
    expect(fault('response', ':status', '200', 'x', ' '.trim())).toBeUndefined()
    expect(fault('trailers', 'grpc-status', '0')).toBeUndefined()
  })

  test.each([
    ['a capital in a name', ['X-a', '1']],
    ['a space in a name', ['x a', '1']],
    ['an empty name', ['', '1']],
    ['a NUL in a value', ['x', 'a\0']],
    ['a line break in a value', ['x', 'a\r\nb: c']],
    ['a control character in a value', ['x', 'a\x7fb']],
    ['a space at the end of a value', ['x', 'a ']],
    ['connection', ['connection', 'close']],
    ['transfer-encoding', ['transfer-encoding', 'chunked']],
    ['te', ['te', 'gzip']],
    ['two lengths', ['content-length', '1', 'content-length', '2']],
    ['a length that is none', ['content-length', '-1']],
    ['a pseudo-header behind a field', ['x', 'y', ':authority', 'z']],
    ['a pseudo-header twice', [':path', '/b']],
    ['a status', [':status', '200']],
    ['an unknown pseudo-header', [':foo', 'x']],
    ['too many bytes', ['x', 'y'.repeat(1000)]],
  ])('%s in a request', (_what, fields) => {
    expect(fault('request', ...request, ...fields)).toBeDefined()
  })

  test.each([
    ['no method', [':scheme', 'http', ':path', '/', 'host', 'x']],
    ['no scheme', [':method', 'POST', ':path', '/', 'host', 'x']],
    ['no path', [':method', 'POST', ':scheme', 'http', 'host', 'x']],
    ['an empty path', [':method', 'POST', ':scheme', 'http', ':path', '', 'host', 'x']],
    ['a path with a space', [':method', 'POST', ':scheme', 'http', ':path', '/a b', 'host', 'x']],
    // Node ends a connection that brings a thousand of these, and all that is under way on it.
    ['no authority', [':method', 'POST', ':scheme', 'http', ':path', '/']],
    ['an authority with a slash', [':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'a/b']],
  ])('%s', (_what, fields) => {
    expect(fault('request', ...fields)).toBeDefined()
  })

  test('a response without a status, or with a strange one; trailers with one', () => {
    expect(fault('response', 'x', 'y')).toBeDefined()
    expect(fault('response', ':status', '20')).toBeDefined()
    expect(fault('trailers', ':status', '200')).toBeDefined()
  })
})
