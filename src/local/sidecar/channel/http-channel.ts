// The app channel over HTTP/1.1, from the sidecar's side.

import { posix } from 'node:path'
import { type Dispatcher, Pool } from 'undici'
import type { Component } from '../broker/component.ts'
import type { Delivery } from '../broker/tally.ts'
import { parseObject, rawEnvelope } from '../cloud-event.ts'
import { type AppChannel, isDeclaredInput, readSubscription, type SubscriptionAnswer } from './app-channel.ts'
import { retried } from './retried.ts'

interface Answer {
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly body: Buffer
}

type Send = (method: string, path: string, headers: Record<string, string>, body?: Buffer) => Promise<Answer>

// A sidecar waits without limit for an answer, keeps idle connections for 90 s, and opens up to 1,024 of them.
const poolOptions: Pool.Options = {
  connections: 1024,
  keepAliveTimeout: 90_000,
  keepAliveMaxTimeout: 90_000,
  headersTimeout: 0,
  bodyTimeout: 0,
}

const probeTimeoutMs = 3000

export function createHttpChannel(appId: string, host: string, port: number): AppChannel {
  const pool = new Pool(`http://${host}:${port}`, poolOptions)
  const send: Send = async (method, path, headers, body) => {
    const reply = await pool.request({ method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null })
    const bytes = Buffer.from(await reply.body.arrayBuffer())
    return { status: reply.statusCode, headers: reply.headers, body: bytes }
  }
  return {
    address: `${host}:${port}`,
    subscriptions: () => askSubscriptions(send, appId),
    wantedBindings: (bindings) => probeBindings(pool, bindings),
    async sendTopicEvent({ path, pubsub, topic, rawPayload }, message) {
      const body = rawPayload ? rawEnvelope(message.data, pubsub, topic) : message.data
      const headers = { ...message.metadata, pubsubname: pubsub, 'content-type': 'application/cloudevents+json' }
      return topicDelivery(await send('POST', cleanPath(path), headers, body))
    },
    async sendBindingEvent(component, message) {
      const headers = { ...message.metadata, 'content-type': 'application/json' }
      const { status } = await send('POST', bindingPath(component), headers, message.data)
      if (status >= 200 && status <= 299) return { kind: 'acknowledged' }
      return { kind: 'failed', cause: `status ${status}` }
    },
    async invoke({ verb, method, headers, contentType, body }) {
      const all = { ...headers, ...(contentType && { 'content-type': contentType }) }
      const answer = await send(verb, `/${method}`, all, body.length > 0 ? body : undefined)
      const { 'content-type': type = '', ...rest } = flat(answer.headers)
      return { status: answer.status, headers: rest, contentType: type, body: answer.body }
    },
    close: () => pool.destroy(),
  }
}

const questionHeaders = (appId: string) => ({ 'content-type': 'application/json', 'dapr-app-id': appId })

async function askSubscriptions(send: Send, appId: string) {
  // The configuration is about actors alone; it is asked for because a sidecar does, and its answer changes nothing.
  await send('GET', '/dapr/config', questionHeaders(appId)).catch(() => undefined)
  const { status, body } = await retried(() => send('GET', '/dapr/subscribe', questionHeaders(appId)))
  if (status === 404 || (status === 200 && body.length === 0)) return []
  if (status !== 200) throw new Error(`/dapr/subscribe answered ${status}; a sidecar then subscribes to nothing`)
  const answers: unknown = JSON.parse(body.toString())
  if (!Array.isArray(answers)) throw new Error('/dapr/subscribe did not answer a list')
  return (answers as SubscriptionAnswer[]).flatMap((answer) => readSubscription(answer) ?? [])
}

/** One after the other; an app that does not answer in time leaves the rest without a reader. */
async function probeBindings(pool: Pool, bindings: readonly Component[]): Promise<string[]> {
  const wanted: string[] = []
  for (const binding of bindings) {
    if (isDeclaredInput(binding) || (await isWanted(pool, binding))) wanted.push(binding.name)
  }
  return wanted
}

async function isWanted(pool: Pool, binding: Component): Promise<boolean> {
  const signal = AbortSignal.timeout(probeTimeoutMs)
  const headers = { 'content-type': 'application/json' }
  const { statusCode, body } = await pool.request({ method: 'OPTIONS', path: bindingPath(binding), headers, signal })
  await body.dump()
  return (statusCode >= 200 && statusCode <= 299) || statusCode === 405
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
