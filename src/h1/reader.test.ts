import fc from 'fast-check'
import { expect, test } from 'vitest'
import { announcedFraming, hasNoBody, noBody, requestFraming } from './framing.ts'
import { parseHead } from './head.ts'
import { Malformed } from './malformed.ts'
import { MessageReader } from './reader.ts'
import { parseRequestLine, parseStatusLine } from './start-line.ts'

/** How often each property is tried; `FUZZ_RUNS=1000000` for the long form. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 10_000)

type Kind = 'request' | 'response'

/** What a reader makes of these pieces, as text; the last line says how it ended. */
function readAll(kind: Kind, pieces: readonly Buffer[]): string[] {
  const told: string[] = []
  let body = ''
  const reader = new MessageReader(
    {
      head({ startLine, fields }) {
        told.push(`head ${startLine} ${JSON.stringify(fields)}`)
        if (kind === 'request') return requestFraming(fields, parseRequestLine(startLine).isHttp10)
        const { status } = parseStatusLine(startLine)
        if (status < 200) return 'interim'
        return hasNoBody('GET', status) ? noBody : announcedFraming('GET', status, fields)
      },
      data(bytes) {
        body += bytes.toString('latin1')
      },
      end(trailers) {
        told.push(`body ${body}`, `trailers ${JSON.stringify(trailers)}`)
        body = ''
      },
    },
    parseHead,
    2000,
  )
  try {
    for (const piece of pieces) {
      const read = Buffer.from(piece)
      for (let at = 0; at < read.length; ) at = reader.read(read, at)
      // The next read lands in the same memory.
      read.fill(0)
    }
    told.push(reader.close() ? 'whole' : `cut ${body}`)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    // How much of the body came before the fault may differ with the split.
    told.push('malformed')
  }
  return told
}

const one = (text: string): Buffer[] => [Buffer.from(text, 'latin1')]
const request = (fields: string, body = '') => readAll('request', one(`POST /a HTTP/1.1\r\n${fields}\r\n\r\n${body}`))

test.each([
  ['two lengths', 'Content-Length: 3\r\nContent-Length: 3', 'abc'],
  ['two lengths in one field', 'Content-Length: 3, 3', 'abc'],
  ['a length with a sign', 'Content-Length: +3', 'abc'],
  ['a negative length', 'Content-Length: -3', 'abc'],
  ['a hexadecimal length', 'Content-Length: 0x3', 'abc'],
  ['an empty length', 'Content-Length:', ''],
  ['a length above 2^53', 'Content-Length: 9999999999999999', ''],
  ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
  ['a length and chunks in other cases', 'content-LENGTH: 3\r\ntransfer-ENCODING: chunked', '0\r\n\r\n'],
  ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', '0\r\n\r\n'],
  ['a list of codings', 'Transfer-Encoding: gzip, chunked', '0\r\n\r\n'],
  ['a coding with a vertical tab', 'Transfer-Encoding: \x0bchunked', '0\r\n\r\n'],
  ['another coding', 'Transfer-Encoding: xchunked', '0\r\n\r\n'],
  ['a space before the colon', 'Content-Length : 3', 'abc'],
  ['a folded line', 'A: b\r\n c', ''],
  ['a first line that is folded', ' A: b', ''],
  ['no colon', 'Content-Length 3', 'abc'],
  ['no name', ': 3', ''],
  ['a bare LF between fields', 'A: b\nContent-Length: 3', 'abc'],
  ['a bare CR between fields', 'A: b\rContent-Length: 3', 'abc'],
  ['NUL in a value', 'A: b\0c', ''],
  ['a name that is no token', 'A(b): c', ''],
  ['a chunk that is longer than its size', 'Transfer-Encoding: chunked', '2\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size with a sign', 'Transfer-Encoding: chunked', '+2\r\nab\r\n0\r\n\r\n'],
  ['a chunk size with 0x', 'Transfer-Encoding: chunked', '0x2\r\nab\r\n0\r\n\r\n'],
  ['a chunk size of nine digits', 'Transfer-Encoding: chunked', '000000002\r\nab\r\n0\r\n\r\n'],
  ['a chunk line with a bare LF', 'Transfer-Encoding: chunked', '2\nab\r\n0\r\n\r\n'],
  ['an extension with a bare LF', 'Transfer-Encoding: chunked', '2;a\nb\r\nab\r\n0\r\n\r\n'],
  ['an endless extension', 'Transfer-Encoding: chunked', `2;${'a'.repeat(300)}\r\nab\r\n0\r\n\r\n`],
  ['trailers without end', 'Transfer-Encoding: chunked', `0\r\n${'A: b\r\n'.repeat(500)}`],
  ['a folded trailer', 'Transfer-Encoding: chunked', '0\r\nA: b\r\n c\r\n\r\n'],
  ['a head without end', 'A: b\r\n'.repeat(500), ''],
])('refuses %s', (_what, fields, body) => {
  expect(request(fields, body).at(-1)).toBe('malformed')
})

test.each([
  'GET /a  HTTP/1.1',
  'GET  /a HTTP/1.1',
  'GET /a b HTTP/1.1',
  'GET /a\tb HTTP/1.1',
  'GET /a HTTP/1.1 ',
  'GET /a HTTP/1.2',
  'GET /a HTTP/2.0',
  'GET /a http/1.1',
  'GET /a',
  'G{}T /a HTTP/1.1',
  'GET /a\x7f HTTP/1.1',
  '/a HTTP/1.1',
])('refuses the request line %j', (line) => {
  expect(readAll('request', one(`${line}\r\nHost: a\r\n\r\n`)).at(-1)).toBe('malformed')
})

test.each(['HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 099 OK', 'HTTP/2 200 OK', 'HTTP/1.1200 OK', 'ICY 200 OK'])(
  'refuses the status line %j',
  (line) => {
    expect(readAll('response', one(`${line}\r\n\r\n`)).at(-1)).toBe('malformed')
  },
)

test('a head that ends with bare newlines is refused before it is complete', () => {
  expect(readAll('request', one('GET / HTTP/1.1\nHost: a\n\n'))).toEqual(['malformed'])
})

test.each([
  ['a status without phrase', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi', 'body hi'],
  ['an empty phrase', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi', 'body hi'],
  ['a body until the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nhi there', 'body hi there'],
  [
    'chunks with extensions',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a="b"\r\nhi\r\n0\r\n\r\n',
    'body hi',
  ],
  ['interim responses', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 204 N\r\n\r\n`, 'body '],
])('reads %s', (_what, text, body) => {
  const told = readAll('response', one(text))

  expect(told).toContain(body)
  expect(told.at(-1)).toBe('whole')
})

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/)
const value = fc.stringMatching(/^([!-~\x80-\xff]([!-~\x80-\xff \t]{0,20}[!-~\x80-\xff])?)?$/)
const field = fc.tuple(
  token.filter((name) => !['content-length', 'transfer-encoding'].includes(name.toLowerCase())),
  fc.stringMatching(/^[ \t]{0,3}$/),
  value,
)
const fieldLines = fc.array(field, { maxLength: 6 })
const text = (lines: readonly (readonly string[])[]): string =>
  lines.map(([name, blanks, content]) => `${name}:${blanks}${content}\r\n`).join('')
const bodies = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 60 }).map((body) => `Content-Length: ${body.length}\r\n\r\n${body}`),
  fc
    .tuple(fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 30 }), { maxLength: 4 }), fieldLines)
    .map(([chunks, trailers]) => {
      const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
      return `Transfer-Encoding: chunked\r\n\r\n${framed}0\r\n${text(trailers)}\r\n`
    }),
)
const starts = { request: 'POST /x HTTP/1.1', response: 'HTTP/1.1 200 OK' }
const message = (kind: Kind) =>
  fc.tuple(fieldLines, bodies).map(([lines, body]) => `${starts[kind]}\r\n${text(lines)}${body}`)
const kinds = fc.constantFrom<Kind>('request', 'response')
const messages = kinds.chain((kind) =>
  fc.tuple(
    fc.constant(kind),
    fc.array(message(kind), { minLength: 1, maxLength: 3 }).map((each) => each.join('')),
  ),
)

function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] as number
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

// Lighter than an assertion of vitest, of which there would be tens of thousands.
function same(told: readonly string[], expected: readonly string[]): void {
  if (told.join('\n') !== expected.join('\n')) throw new Error(`${told.join('\n')}\ninstead of\n${expected.join('\n')}`)
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

test('what is valid is read the same however it is split, byte by byte as well', () => {
  fc.assert(
    fc.property(messages, sizes, ([kind, content], parts) => {
      const bytes = Buffer.from(content, 'latin1')
      const whole = readAll(kind, [bytes])
      if (whole.at(-1) !== 'whole') throw new Error(whole.join('\n'))
      same(readAll(kind, split(bytes, parts)), whole)
      same(readAll(kind, split(bytes, [1])), whole)
    }),
    { numRuns: Math.ceil(numRuns / 4) },
  )
}, 120_000)

const damage = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 4 }) })
const mischief = fc.oneof(
  damage,
  fc.record({
    at: fc.nat(),
    remove: fc.nat(2),
    insert: fc
      .constantFrom('\r', '\n', '\r\n', ' ', '\t', ':', ';', '0', '\0', 'Content-Length: 1\r\n', '\r\n\r\n')
      .map(Buffer.from),
  }),
)

test('what is damaged is refused or read the same however it is split', () => {
  fc.assert(
    fc.property(
      messages,
      fc.array(mischief, { minLength: 1, maxLength: 3 }),
      sizes,
      ([kind, content], faults, parts) => {
        let bytes = Buffer.from(content, 'latin1')
        for (const { at, remove, insert } of faults) {
          const from = at % (bytes.length + 1)
          bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)])
        }
        same(readAll(kind, split(bytes, parts)), readAll(kind, [bytes]))
      },
    ),
    { numRuns },
  )
}, 120_000)

test('random bytes are refused or waited for, never more than that', () => {
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 200 }), sizes, (kind, random, parts) => {
      const bytes = Buffer.from(random)
      same(readAll(kind, split(bytes, parts)), readAll(kind, [bytes]))
    }),
    { numRuns },
  )
}, 120_000)
