import { expect, test } from 'vitest'
import { MemorySocket } from '../../test/support/memory-socket.ts'
import { ServerConnection } from './server-connection.ts'

test('a HEAD whose body cannot be read is refused without a body, which nobody would read', () => {
  const memory = new MemorySocket()
  const limits = { maxHeadBytes: 2000, headTimeoutMs: 1000, stallTimeoutMs: 1000 }
  new ServerConnection(memory.socket, limits, { request: () => undefined })

  memory.arrive(Buffer.from('HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n'))
  memory.turn()

  const said = Buffer.concat(memory.written).toString()
  expect(said).toMatch(/^HTTP\/1\.1 400 /)
  expect(said.indexOf('\r\n\r\n')).toBe(said.length - 4)
})
