import { expect, test } from 'vitest'
import { Incoming } from './incoming.ts'

test('who takes a body is told once that the rest of it will not come', () => {
  const startLine = 'POST / HTTP/1.1'
  const fields = ['Host', 'a', 'Content-Length', '5']
  const request = new Incoming({ startLine, fields }, { pause() {}, resume() {} })
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
