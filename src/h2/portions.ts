// What a client sends is looked at in portions, one in a turn of the event loop, so that nobody waits for long because somebody
// else has sent much.

import type { Socket } from 'node:net'
import { receiving } from '../net/accepted.ts'
import type { Connection } from './connection.ts'
import { takeTurn } from './turns.ts'

/** Frames of a client that are looked at in one turn: some 60 events, or a millisecond. There is one client nearly always, the sidecar. */
const framesAlone = 128

/** The same where there are others, who wait meanwhile: one that opens calls by the hundred, or floods us, has so much at a time. */
const framesAmongOthers = 8

/**
 * So much is read of a client before what came earlier has been looked at. Who does not read on does not learn that the client has
 * gone, and hundreds of calls that nobody waits for would go to functions first.
 */
const mostUnseenBytes = 64 * 1024

let clients = 0

/** A socket in place of the accepted one, whose bytes the connection receives. Each read lands in `landing`, which others use too. */
export function receivingInPortions(accepted: Socket, landing: Buffer, connection: () => Connection): Socket {
  const unseen: Buffer[] = []
  let unseenBytes = 0
  const portion = (bytes: Buffer) => connection().receive(bytes, clients === 1 ? framesAlone : framesAmongOthers)

  const arrived = (bytes: Buffer) => {
    const rest = unseen.length > 0 ? bytes : portion(bytes)
    if (rest === undefined) return
    unseen.push(rest.buffer === landing.buffer ? Buffer.from(rest) : rest)
    unseenBytes += rest.length
    if (unseenBytes > mostUnseenBytes) socket.pause()
    if (unseen.length === 1) takeTurn(goOn)
  }

  const goOn = () => {
    const bytes = unseen.shift() as Buffer
    const rest = portion(bytes)
    if (rest !== undefined) unseen.unshift(rest)
    unseenBytes -= bytes.length - (rest?.length ?? 0)
    if (unseen.length > 0) takeTurn(goOn)
    if (socket.isPaused() && unseenBytes <= mostUnseenBytes && !connection().isClosed) socket.resume()
  }

  const socket = receiving(accepted, landing, arrived)
  clients += 1
  socket.once('close', () => {
    clients -= 1
  })
  return socket
}
