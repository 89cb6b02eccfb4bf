// Reads a request into memory, within the limits of one event and of all of them.

import type { Readable } from 'node:stream'
import type { Memory } from './server.ts'

export type Body =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'refused'; readonly refusal: 'too-large' | 'held-full' }
  | { readonly kind: 'gone' }

export interface BodyLimits {
  readonly maxEventBytes: number
  readonly memory: Memory
}

/** Never rejects. `announcedBytes` is what the sender says it will send, 0 if it does not say. The memory that a body took is given back here unless the body was read; then it is the caller's to give. */
export function readBody(request: Readable, { maxEventBytes, memory }: BodyLimits, announcedBytes = 0): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const finish = (body: Body) => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      if (body.kind !== 'read') memory.give(size)
      resolve(body)
    }
    const onData = (chunk: Buffer) => {
      if (size + chunk.length > maxEventBytes) return refuse('too-large')
      if (!memory.take(chunk.length)) return refuse('held-full')
      size += chunk.length
      chunks.push(chunk)
    }
    // A stream of HTTP/2 that the sender resets in the middle of its body ends as well; then it is closed already.
    const onEnd = () =>
      request.closed
        ? onClose()
        : finish({ kind: 'read', bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) })
    const onClose = () => finish({ kind: 'gone' })
    const refuse = (refusal: 'too-large' | 'held-full') => {
      finish({ kind: 'refused', refusal })
      request.resume()
    }
    if (announcedBytes > maxEventBytes) return refuse('too-large')
    request.on('data', onData).on('end', onEnd).on('close', onClose)
  })
}
