// The admin port: is it alive, is it ready, what are its numbers, what is it doing. It only tells; nothing can be changed here.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
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

interface Answer {
  readonly status: number
  readonly text: string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
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
  const server = createServer((request, response) => {
    request.resume()
    answer(request, response, (path) => pages.get(path) ?? notFound).catch(() => response.destroy())
  })
  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, () => resolve((server.address() as { port: number }).port))
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
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
    headers: { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, find: (path: string) => Page): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const found = isRead ? await find(path)(new URLSearchParams(query)) : plain(405, 'only GET and HEAD')
  const { status, text, contentType = 'text/plain; charset=utf-8', headers } = found
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(isRead ? {} : { allow: 'GET, HEAD' }),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}
