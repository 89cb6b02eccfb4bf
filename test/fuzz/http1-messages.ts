// HTTP/1.1 as bytes: pieces that mean something, in any order, whole or damaged.

import type { Choices } from './choices.ts'

const starts = {
  request: ['POST /orders HTTP/1.1', 'GET / HTTP/1.1', 'HEAD /a?b HTTP/1.1', 'GET / HTTP/1.0', 'PUT * HTTP/1.1', 'X http://a/b HTTP/1.1'],
  response: ['HTTP/1.1 200 OK', 'HTTP/1.1 204 No', 'HTTP/1.1 304', 'HTTP/1.0 200 ', 'HTTP/1.1 100 Continue', 'HTTP/1.1 500 Oh', 'HTTP/1.1 101 S'],
} // biome-ignore format: one line each
const fields = [
  'Host: a',
  'Content-Length: 0',
  'Content-Length: 5',
  'content-length: 300',
  'Transfer-Encoding: chunked',
  'transfer-encoding: gzip, chunked',
  'Content-Length: 0x5',
  'Connection: close',
  'Connection: x-b',
  'Connection: keep-alive, x-a',
  'Keep-Alive: timeout=5',
  'Keep-Alive: timeout=0',
  'Expect: 100-continue',
  'X-A: b',
  'x-a:\tb ',
  'X-Empty:',
  'X Y: z',
  ': no name',
]
const bodies = [
  'hello',
  '5\r\nhello\r\n',
  '0\r\n\r\n',
  '0\r\nA: b\r\n\r\n',
  '1;a=b\r\nx\r\n',
  'fffffffff\r\n',
  'A\r\n0123456789\r\n',
  '\r\n',
]
const ends = ['\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n ', '\0']

/** One piece; most of them a start line, a field, the end of a head or a body that would be right somewhere. */
export function piece(kind: 'request' | 'response', choices: Choices): Buffer {
  switch (choices.below(8)) {
    case 0:
      return latin(
        `${choices.pick(starts[kind])}\r\nHost: a\r\n${choices.pick(fields)}\r\n${choices.pick(fields)}\r\n\r\n`,
      )
    case 1:
      return latin(`${choices.pick(starts[kind])}${choices.pick(ends)}`)
    case 2:
      return latin(`${choices.pick(fields)}${choices.pick(ends)}`)
    case 3:
      return latin('\r\n')
    case 4:
      return latin(choices.pick(bodies))
    case 5:
      return whole(kind, choices)
    case 6:
      return choices.oneIn(8)
        ? Buffer.alloc(choices.below(9000), 0x61 + choices.below(26))
        : latin(choices.pick(bodies))
    default:
      return choices.bytes(12)
  }
}

/** A message that is right. */
export function whole(kind: 'request' | 'response', choices: Choices): Buffer {
  const head = `${choices.pick(starts[kind].slice(0, 3))}\r\nHost: a\r\n`
  const body = 'x'.repeat(choices.below(40))
  if (choices.oneIn(2)) return latin(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
  return latin(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`)
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')
