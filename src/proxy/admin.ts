// The admin port: is it alive, is it ready, what are its numbers, what is it doing. It only tells; nothing can be changed here.

import type { Incoming } from '../h1/incoming.ts'
import type { Outgoing } from '../h1/outgoing.ts'
import { usualReason } from '../h1/reason.ts'
import { createH1Server, type ServerLimits } from '../h1/server.ts'
import type { Debug } from './admin/debug.ts'
import type { Metrics } from './metrics.ts'

export interface AdminOptions {
  /** It listens and has looked for replicas once. It never depends on there being one. */
  readonly isReady: () => boolean
  readonly metrics: Pick<Metrics, 'exposition'>
  readonly debug: Debug
}

export interface Admin {
  /** Resolves to the port. Listens on all addresses: the kubelet and Prometheus come from outside. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

const limits: ServerLimits = {
  maxHeadBytes: 16 * 1024,
  headTimeoutMs: 10_000,
  stallTimeoutMs: 10_000,
  // Who comes from outside and says nothing must neither fill the memory nor keep the probes of the kubelet out for long.
  closesIdle: true,
  maxConnections: 4096,
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly contentType?: string
  /** Name, value, name, value. */
  readonly fields?: readonly string[]
}

type Page = (query: URLSearchParams) => Promise<Answer>

const plain = (status: number, text: string): Answer => ({ status, text: `${text}\n` })

const json = (value: unknown): Answer => ({
  status: 200,
  text: `${JSON.stringify(value)}\n`,
  contentType: 'application/json',
})

export function createAdmin(options: AdminOptions): Admin {
  const pages = pagesOf(options)
  const notFound: Page = async () => plain(404, `there are ${[...pages.keys()].join(', ')}`)
  const server = createH1Server(limits, {
    request(request, response) {
      request.discard()
      answer(request, response, (path) => pages.get(path) ?? notFound).catch(() => response.cut())
      return undefined
    },
  })
  return { listen: (port) => server.listen(port), close: server.close }
}

function pagesOf({ isReady, metrics, debug }: AdminOptions): ReadonlyMap<string, Page> {
  return new Map<string, Page>([
    ['/', page],
    ['/livez', async () => plain(200, 'ok')],
    ['/readyz', async () => (isReady() ? plain(200, 'ok') : plain(503, 'looking for replicas'))],
    ['/metrics', async () => ({ status: 200, ...(await metrics.exposition()) })],
    ['/debug/summary', async () => json(await debug.summary())],
    ['/debug/replicas', async () => json(debug.replicas())],
    ['/debug/events', async (query) => json(debug.events(query))],
  ])
}

async function page(): Promise<Answer> {
  // Nobody may ever look.
  const { readPage } = await import('./admin/page.ts')
  const { html, policy } = await readPage()
  return {
    status: 200,
    text: html,
    contentType: 'text/html; charset=utf-8',
    fields: ['Content-Security-Policy', policy, 'Referrer-Policy', 'no-referrer'],
  }
}

async function answer(request: Incoming, response: Outgoing, find: (path: string) => Page): Promise<void> {
  const [path = '', query = ''] = request.target.split('?', 2)
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const found = isRead ? await find(path)(new URLSearchParams(query)) : plain(405, 'only GET and HEAD')
  const { status, text, contentType = 'text/plain; charset=utf-8', fields = [] } = found
  const own = ['Date', new Date().toUTCString(), 'Content-Type', contentType, ...(isRead ? [] : ['Allow', 'GET, HEAD'])]
  response.send({ status, reason: usualReason(status), fields: [...own, ...neverKept, ...fields] }, Buffer.from(text))
}

const neverKept = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff']
