// The admin port: is it alive, is it ready, what are its numbers.

import { createServer, type ServerResponse } from 'node:http'
import type { Metrics } from './metrics.ts'

export interface AdminOptions {
  /** It listens and has looked for replicas once. It never depends on there being one. */
  readonly isReady: () => boolean
  readonly metrics: Metrics
}

export interface Admin {
  /** Resolves to the port. Listens on all addresses: the kubelet and Prometheus come from outside. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

type Page = () => Promise<{ readonly status: number; readonly text: string; readonly contentType?: string }>

const notFound: Page = async () => ({ status: 404, text: 'there are /livez, /readyz and /metrics\n' })

export function createAdmin({ isReady, metrics }: AdminOptions): Admin {
  const pages = new Map<string, Page>(
    Object.entries({
      '/livez': async () => ({ status: 200, text: 'ok\n' }),
      '/readyz': async () =>
        isReady() ? { status: 200, text: 'ok\n' } : { status: 503, text: 'looking for replicas\n' },
      '/metrics': async () => ({ status: 200, ...(await metrics.exposition()) }),
    }),
  )
  const server = createServer((request, response) => {
    request.resume()
    const [path = ''] = (request.url ?? '').split('?')
    answer(response, pages.get(path) ?? notFound).catch(() => response.destroy())
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

async function answer(response: ServerResponse, page: Page): Promise<void> {
  const { status, text, contentType = 'text/plain; charset=utf-8' } = await page()
  response.writeHead(status, { 'content-type': contentType }).end(text)
}
