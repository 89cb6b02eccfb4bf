// The webhook's process, or a bare server beside it, asked over HTTP as Metacontroller asks: a few connections that stay open.

import { spawn } from 'node:child_process'
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const entries = {
  webhook: fileURLToPath(new URL('../../../dist/controller/main.js', import.meta.url)),
  bare: fileURLToPath(new URL('bare.mjs', import.meta.url)),
}

export interface Webhook {
  readonly pid: number
  /** An answer; as many at a time as there are connections. */
  sync(body: string, path?: string): Promise<string>
  stop(): void
}

export async function startWebhook(
  which: keyof typeof entries,
  connections: number,
  nodeOptions: readonly string[] = [],
): Promise<Webhook> {
  const env = { PATH: process.env.PATH, CONTROLLER_PORT: '0' }
  const child = spawn(process.execPath, [...nodeOptions, entries[which]], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the webhook ended; is it built?')))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const record = JSON.parse(line) as { message?: string; port?: number }
      if (record.message === 'controller listens' && record.port) resolve(record.port)
    })
  })
  const sync = (body: string, path = '/sync'): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const asked = request({ port, agent, path, method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode === 200) resolve(text)
          else reject(new Error(`${response.statusCode}: ${text}`))
        })
      })
      asked.once('error', reject)
      asked.end(body)
    })
  return {
    pid: child.pid as number,
    sync,
    stop: () => {
      agent.destroy()
      child.kill('SIGTERM')
    },
  }
}
