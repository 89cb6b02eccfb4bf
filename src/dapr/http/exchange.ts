// One request to a replica and its whole reply.

import type { Dispatcher } from 'undici'
import { reason } from '../../shared/log.ts'
import type { Exchanged, Sender } from '../event.ts'
import { maxReplyBytes } from '../replica.ts'
import { endToEnd } from './headers.ts'
import type { HttpReply, HttpRequest } from './message.ts'

/** Never rejects. `not-run` is certain: not one byte of the request has left. The verdict is the caller's to give. */
export function exchange(pool: Dispatcher, request: HttpRequest, sender: Sender): Promise<Exchanged<HttpReply>> {
  return new Promise((resolve) => {
    let isSent = false
    let abort: ((reason?: Error) => void) | undefined
    let status = 0
    let headers: string[] = []
    let size = 0
    const chunks: Buffer[] = []
    const onGone = () => abort?.(new Error('the sender has gone away'))
    const finish = (outcome: Exchanged<HttpReply>) => {
      forget()
      resolve(outcome)
    }
    const fail = (error: Error): Exchanged<HttpReply> => {
      if (sender.isGone) return { kind: 'refused', refusal: 'cancelled' }
      // A request that undici will not write is no better on another replica.
      const isHopeless = (error as { code?: string }).code === 'UND_ERR_INVALID_ARG'
      return { kind: isSent || isHopeless ? 'broken' : 'not-run', cause: reason(error) }
    }
    if (sender.isGone) return finish({ kind: 'refused', refusal: 'cancelled' })
    const forget = sender.onGone(onGone)
    // undici's first handler shape: the second one hands out header objects, which lose order, spelling and number.
    pool.dispatch(
      {
        path: request.path,
        method: request.method as Dispatcher.HttpMethod,
        headers: [...request.headers],
        body: request.body,
      },
      {
        // Called just before the request is written: until then the function cannot have run.
        onConnect(abortRequest) {
          isSent = true
          abort = abortRequest
          if (sender.isGone) onGone()
        },
        onHeaders(statusCode, rawHeaders) {
          // 1xx is for this hop; the last one is the reply. undici takes a 100 that it did not ask for as a broken answer.
          status = statusCode
          headers = endToEnd(rawHeaders.map((bytes) => bytes.toString('latin1')))
          return true
        },
        onData(chunk) {
          size += chunk.length
          if (size > maxReplyBytes) abort?.(new Error(`its answer is larger than ${maxReplyBytes} bytes`))
          else chunks.push(chunk)
          return true
        },
        onComplete: () => {
          const body = Buffer.concat(chunks)
          finish({ kind: 'answered', reply: { status, headers, body } })
        },
        onError: (error) => finish(fail(error)),
      },
    )
  })
}
