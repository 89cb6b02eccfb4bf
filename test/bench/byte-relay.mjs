// The least that a program on `node:net` can do between daprd and a replica: it passes bytes on and looks at none of them. It
// is no proxy; what it costs is the floor under whatever Node can do.
// Usage: node byte-relay.mjs PORT REPLICA_PORT

import { connect, createServer } from 'node:net'

const [port, replicaPort] = process.argv.slice(2).map(Number)

createServer({ noDelay: true }, (sender) => {
  // What clients read lands in one piece of memory, as in the proxy.
  const landing = Buffer.allocUnsafeSlow(64 * 1024)
  const callback = (length) => {
    pass(landing.subarray(0, length), replica, sender)
    return true
  }
  const replica = connect({
    port: replicaPort,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer: landing, callback },
  })
  sender.on('data', (bytes) => pass(bytes, sender, replica))
  closeTogether(sender, replica)
}).listen(port, '127.0.0.1')

function pass(bytes, from, to) {
  to.write(bytes)
  if (to.writableLength === 0) return
  // The kernel takes the rest later: until then nothing else may land there.
  from.pause()
  to.write('', () => from.resume())
}

function closeTogether(one, other) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.on('error', () => {}).on('close', () => to.destroy())
  }
}
