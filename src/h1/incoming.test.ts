import { expect, test } from 'vitest'
import { Incoming } from './incoming.ts'
import { parseRequestHead } from './request-head.ts'

test('who takes a body is told once that the rest of it will not come', () => {
  const bytes = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5')
  const head = parseRequestHead(bytes, 0, bytes.length)
  const request = new Incoming(head, { pause() {}, resume() {} })
  let cuts = 0
  const cut = () => {
    cuts += 1
  }
  request.flow({ write: () => true, end() {}, cut })

  // What follows cannot be read, and then the connection closes.
  request.cut()
  request.cut()

  expect(cuts).toBe(1)
})
