// Publishes events into a Redis stream as daprd itself would, and writes them down once Redis has taken them.
import { connect, type Socket } from 'node:net'
import { redisAddress } from '../rig/brokers.ts'
import { pause } from '../rig/wait.ts'
import type { Ledger, Published } from './ledger.ts'

export interface Load {
  readonly count: number
  /** Events per second; as fast as Redis takes them if left out. */
  readonly rate?: number
  /** Prefix of the ids, unique within a ledger. */
  readonly prefix?: string
  readonly keys?: number
}

const batch = 50

export async function publish(ledger: Ledger, topic: string, load: Load): Promise<void> {
  const stream = await openRedis()
  const startedAt = Date.now()
  try {
    for (let sent = 0; sent < load.count; sent += batch) {
      const size = Math.min(batch, load.count - sent)
      const events = Array.from({ length: size }, (_, index) => event(load, sent + index))
      await stream.call(events.map((one) => ['XADD', topic, '*', 'data', cloudEvent(one, topic)]))
      ledger.recordPublished(events)
      if (load.rate !== undefined) {
        const dueMs = startedAt + ((sent + size) / load.rate) * 1000
        await pause(Math.max(0, dueMs - Date.now()))
      }
    }
  } finally {
    stream.close()
  }
}

function event({ prefix = 'e', keys = 10 }: Load, index: number): Published {
  return { id: `${prefix}-${index}`, key: `${prefix}-k${index % keys}`, atMs: Date.now() }
}

function cloudEvent({ id, key }: Published, topic: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: 'e2e',
    type: 'com.dapr.event.sent',
    datacontenttype: 'application/json',
    topic,
    pubsubname: 'redis',
    data: { id, key },
  })
}

interface RedisConnection {
  /** Sends commands in one go; resolves when each has its reply, rejects if one is an error. */
  call(commands: readonly (readonly string[])[]): Promise<void>
  close(): void
}

function openRedis(): Promise<RedisConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect(redisAddress)
    socket.once('error', reject)
    socket.once('connect', () => resolve(redisConnection(socket)))
  })
}

function redisConnection(socket: Socket): RedisConnection {
  let waiting: { replies: number; resolve: () => void; reject: (error: Error) => void } | undefined
  let text = ''
  const fail = (error: Error) => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('Redis closed the connection')))
  socket.on('data', (chunk) => {
    text += chunk.toString()
    // Replies to XADD are bulk strings ($n, then the id): one line that starts with a digit each.
    const lines = text.split('\r\n')
    text = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('-')) fail(new Error(`Redis: ${line.slice(1)}`))
      if (!/^\d/.test(line) || waiting === undefined) continue
      waiting.replies -= 1
      if (waiting.replies === 0) {
        waiting.resolve()
        waiting = undefined
      }
    }
  })
  return {
    call: (commands) =>
      new Promise((resolve, reject) => {
        waiting = { replies: commands.length, resolve, reject }
        socket.write(commands.map(encode).join(''))
      }),
    close: () => socket.destroy(),
  }
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
  return `*${command.length}\r\n${parts.join('')}`
}
