// What is no gRPC call: read to its end, and told so.

import { writeFields } from '../../h2/field-writer.ts'
import type { Stream, StreamOwner } from '../../h2/stream.ts'

const text = Buffer.from('this port speaks gRPC\n')
const head = writeFields([':status', '415', 'content-type', 'text/plain', 'content-length', String(text.length)])

/** Answers with 415, as gRPC over HTTP/2 asks, once the request has ended: a sender that is cut off in the middle may not read why. */
export function refuseStranger(stream: Stream, isEnd: boolean): void {
  const answer = () => {
    stream.sendHeaders(head, false)
    stream.sendData(text, 0, text.length, true)
  }
  const owner: StreamOwner = {
    onHeaders: answer,
    onData(_bytes, start, end, isLast) {
      stream.credit(end - start)
      if (isLast) answer()
    },
    onSent() {},
    onClosed() {},
  }
  stream.owner = owner
  if (isEnd) answer()
}
