// Asks the API server of Kubernetes as the account of this pod: HTTPS with its token, and nobody trusted but its CA.

import { readFile } from 'node:fs/promises'
import { get, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import type { ReplicaAddress } from '../../../dapr/replica.ts'
import { reason } from '../../../shared/log.ts'

export interface ApiServer {
  /** Resolves once the answer has ended in order. Rejects with a Refusal if it is not 200, and with any error if it breaks off. */
  ask(path: string, answer: Answer, signal: AbortSignal): Promise<void>
}

export interface Answer {
  /** The status is 200. */
  onOpen?(): void
  /** Ends the exchange if it throws. */
  onBytes(bytes: Buffer): void
  /** An answer that brings nothing for so long is given up; so is one that has not ended by `deadlineMs`. */
  readonly silentMs: number
  readonly deadlineMs: number
}

/** The API server's no. A status of 0: the pod has no account to ask with. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.status = status
  }
}

/** Time until the head of an answer, TCP and TLS included, in milliseconds. */
const headWithinMs = 10_000
const maxRefusalBytes = 64 * 1024
const maxReason = 300

/** `account` is the folder with `token` and `ca.crt`. Both are read for each request: kubelet renews them in place. */
export function createApiServer({ host, port }: ReplicaAddress, account: string): ApiServer {
  return {
    async ask(path, answer, signal) {
      const { token, ca } = await credentials(account)
      if (signal.aborted) throw new Error('stopped')
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'dapr-proxy' }
      // One connection per request: there are two in five minutes, and each new one may find another API server.
      const options = { host, port, path, headers, ca, rejectUnauthorized: true, agent: false }
      await exchange(options, answer, signal)
    },
  }
}

async function credentials(account: string): Promise<{ token: string; ca: string }> {
  try {
    const [token, ca] = await Promise.all(['token', 'ca.crt'].map((file) => readFile(join(account, file), 'utf8')))
    return { token: (token as string).trim(), ca: ca as string }
  } catch (error) {
    throw new Refusal(0, `the pod has no service account that can be used: ${reason(error)}`)
  }
}

function exchange(options: RequestOptions, answer: Answer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(options)
    let isOver = false
    const settle = (error?: unknown) => {
      if (isOver) return
      isOver = true
      clearTimeout(silence)
      clearTimeout(deadline)
      signal.removeEventListener('abort', stop)
      request.destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    const giveUp = (what: string) => () => settle(new Error(what))
    const stop = giveUp('stopped')
    let silence = setTimeout(giveUp(`no answer within ${headWithinMs} ms`), headWithinMs)
    const deadline = setTimeout(giveUp(`not over within ${answer.deadlineMs} ms`), answer.deadlineMs)
    signal.addEventListener('abort', stop)
    request.on('error', settle)
    request.once('response', (response) => {
      clearTimeout(silence)
      silence = setTimeout(giveUp(`nothing for ${answer.silentMs} ms`), answer.silentMs)
      const { statusCode = 0 } = response
      const refusal = statusCode === 200 ? undefined : refusalOf(statusCode)
      const { onBytes, end } = refusal ?? { onBytes: answer.onBytes, end: () => undefined }
      if (!refusal) answer.onOpen?.()
      response.on('data', (bytes: Buffer) => {
        if (isOver) return
        silence.refresh()
        try {
          onBytes(bytes)
        } catch (error) {
          settle(error)
        }
      })
      response.once('end', () => settle(end()))
      response.on('error', settle)
    })
  })
}

/** Gathers what the API server says to its no. */
function refusalOf(status: number): { onBytes(bytes: Buffer): void; end(): Refusal } {
  let body = Buffer.alloc(0)
  return {
    onBytes(bytes) {
      if (body.length < maxRefusalBytes) body = Buffer.concat([body, bytes])
    },
    end: () => new Refusal(status, `${status} ${messageOf(body)}`.trim()),
  }
}

/** What a Status of Kubernetes says. */
function messageOf(body: Buffer): string {
  try {
    const { message } = JSON.parse(body.toString()) as { message?: unknown }
    return typeof message === 'string' ? message.slice(0, maxReason) : ''
  } catch {
    return ''
  }
}
