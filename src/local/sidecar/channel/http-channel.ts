// The app channel over HTTP/1.1, from the sidecar's side.

import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { posix } from 'node:path'
import type { Component } from '../broker/component.ts'
import type { Delivery } from '../broker/tally.ts'
import { parseObject, rawEnvelope } from '../cloud-event.ts'
import {
  type AppAt,
  type AppChannel,
  isDeclaredInput,
  readSubscription,
  type SubscriptionAnswer,
} from './app-channel.ts'
import { retried } from './retried.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface Question {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
  readonly signal?: AbortSignal
}

type Send = (question: Question) => Promise<Answer>

// A sidecar waits without limit for an answer, and opens up to 1,024 connections.
const agentOptions = { keepAlive: true, maxSockets: 1024, maxFreeSockets: 64 }

const probeTimeoutMs = 3000

export function createHttpChannel({ appId, host, port, token, isOverTls }: AppAt): AppChannel {
  // A sidecar takes any certificate.
  const agent = isOverTls ? new TlsAgent({ ...agentOptions, rejectUnauthorized: false }) : new Agent(agentOptions)
  const begin = isOverTls ? tlsRequest : request
  const send: Send = ({ method, path, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const outgoing = begin({
        agent,
        host,
        port,
        method,
        path,
        headers: { ...headers, ...token },
        ...(signal && { signal }),
      })
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
        )
      })
      outgoing.end(body)
    })
  return {
    address: `${host}:${port}`,
    subscriptions: () => askSubscriptions(send, appId),
    wantedBindings: (bindings) => probeBindings(send, bindings),
    async sendTopicEvent({ path, pubsub, topic, rawPayload }, message) {
      const body = rawPayload ? rawEnvelope(message.data, pubsub, topic) : message.data
      const headers = { ...message.metadata, pubsubname: pubsub, 'content-type': 'application/cloudevents+json' }
      return topicDelivery(await send({ method: 'POST', path: cleanPath(path), headers, body }))
    },
    async sendBindingEvent(component, message) {
      const headers = { ...message.metadata, 'content-type': 'application/json' }
      const { status } = await send({ method: 'POST', path: bindingPath(component), headers, body: message.data })
      if (status >= 200 && status <= 299) return { kind: 'acknowledged' }
      return { kind: 'failed', cause: `status ${status}` }
    },
    async invoke({ verb, method, headers, contentType, body }) {
      const all = { ...headers, ...(contentType && { 'content-type': contentType }) }
      const answer = await send({
        method: verb,
        path: `/${method}`,
        headers: all,
        body: body.length > 0 ? body : undefined,
      })
      const { 'content-type': type = '', ...rest } = flat(answer.headers)
      return { status: answer.status, headers: rest, contentType: type, body: answer.body }
    },
    close: async () => agent.destroy(),
  }
}

const questionHeaders = (appId: string) => ({ 'content-type': 'application/json', 'dapr-app-id': appId })

async function askSubscriptions(send: Send, appId: string) {
  // The configuration is about actors alone; it is asked for because a sidecar does, and its answer changes nothing.
  await send({ method: 'GET', path: '/dapr/config', headers: questionHeaders(appId) }).catch(() => undefined)
  const question = { method: 'GET', path: '/dapr/subscribe', headers: questionHeaders(appId) }
  const { status, body } = await retried(() => send(question))
  if (status === 404 || (status === 200 && body.length === 0)) return []
  if (status !== 200) throw new Error(`/dapr/subscribe answered ${status}; a sidecar then subscribes to nothing`)
  const answers: unknown = JSON.parse(body.toString())
  if (!Array.isArray(answers)) throw new Error('/dapr/subscribe did not answer a list')
  return (answers as SubscriptionAnswer[]).flatMap((answer) => readSubscription(answer) ?? [])
}

/** One after the other; an app that does not answer in time leaves the rest without a reader. */
async function probeBindings(send: Send, bindings: readonly Component[]): Promise<string[]> {
  const wanted: string[] = []
  for (const binding of bindings) {
    if (isDeclaredInput(binding) || (await isWanted(send, binding))) wanted.push(binding.name)
  }
  return wanted
}

async function isWanted(send: Send, binding: Component): Promise<boolean> {
  const signal = AbortSignal.timeout(probeTimeoutMs)
  const headers = { 'content-type': 'application/json' }
  const { status } = await send({ method: 'OPTIONS', path: bindingPath(binding), headers, signal })
  return (status >= 200 && status <= 299) || status === 405
}

function topicDelivery({ status, body }: Answer): Delivery {
  if (status === 404) return { kind: 'unhandled', cause: 'status 404, which a sidecar takes for done' }
  if (status < 200 || status > 299) return { kind: 'failed', cause: `status ${status}` }
  const said = parseObject(body)?.status
  if (typeof said !== 'string' || said === '' || said === 'SUCCESS') return { kind: 'acknowledged' }
  if (said === 'DROP') return { kind: 'dropped' }
  return { kind: 'failed', cause: `the function answered ${said}` }
}

// As a sidecar writes it: without a slash at the end, double slashes or dots.
function cleanPath(path: string): string {
  const clean = posix.normalize(`/${path}`)
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
}

const bindingPath = (binding: Component): string => cleanPath(binding.metadata.route ?? binding.name)

function flat(headers: Answer['headers']): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(entries)
}
