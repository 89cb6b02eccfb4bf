// One call to a replica and its whole reply.

import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { reason } from '../../shared/log.ts'
import type { Exchanged, Sender } from '../event.ts'
import { maxReplyBytes } from '../replica.ts'
import { statusOf } from './answers.ts'
import { headerObject, withoutPseudo } from './headers.ts'
import type { GrpcReply, GrpcRequest } from './message.ts'

/** Never rejects. `not-run` is certain: the replica refused the stream. The verdict is the caller's to give. */
export function exchange(
  session: ClientHttp2Session,
  request: GrpcRequest,
  sender: Sender,
): Promise<Exchanged<GrpcReply>> {
  return new Promise((resolve) => {
    if (sender.isGone) return resolve({ kind: 'refused', refusal: 'cancelled' })
    let stream: ClientHttp2Stream
    try {
      const pseudo = { ':method': 'POST', ':path': request.path }
      stream = session.request(headerObject(request.headers, pseudo))
    } catch (error) {
      // The session ended between two turns, and nothing was sent; or the metadata cannot be sent to anyone.
      const isOver = session.closed || session.destroyed
      return resolve({ kind: isOver ? 'not-run' : 'broken', cause: reason(error) })
    }
    let cause = 'it closed the stream'
    let headers: string[] = []
    let trailers: string[] = []
    let size = 0
    const chunks: Buffer[] = []
    const onGone = () => stream.close(constants.NGHTTP2_CANCEL)
    const forget = sender.onGone(onGone)
    // The types of Node leave out the list of fields as they came, which is the last argument.
    stream.once('response', (_headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      headers = withoutPseudo(raw)
    })
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxReplyBytes) chunks.push(chunk)
      else {
        cause = `its answer is larger than ${maxReplyBytes} bytes`
        stream.close(constants.NGHTTP2_CANCEL)
      }
    })
    stream.once('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      trailers = withoutPseudo(raw)
    })
    stream.on('error', (error) => {
      cause = reason(error)
    })
    stream.once('close', () => {
      forget()
      const reply = trailers.length === 0 ? trailersOnly(headers) : { headers, body: Buffer.concat(chunks), trailers }
      if (statusOf(reply) !== undefined) return resolve({ kind: 'answered', reply })
      if (sender.isGone) return resolve({ kind: 'refused', refusal: 'cancelled' })
      // Without an id it never left; a refused one was not looked at (RFC 9113 §8.7).
      const isUntouched = stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
      resolve({ kind: isUntouched ? 'not-run' : 'broken', cause })
    })
    stream.end(request.body)
  })
}

/** A reply without messages carries its status in the one block of headers that it has. */
function trailersOnly(headers: string[]): GrpcReply {
  return { headers: [], body: Buffer.alloc(0), trailers: headers }
}
