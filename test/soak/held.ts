// A million events while no replica is there: what becomes of them, and what memory do they take?

import { residentMiB } from '../bench/usage.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { metric } from '../support/proxy.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { grpcSender, httpSender } from './senders.ts'
import { Replica } from './soak.ts'

export interface HeldOptions {
  readonly protocol: 'http' | 'grpc'
  readonly events: number
  /** Of each event. */
  readonly bytes: number
  /** Events that the sender has under way: daprd has 1,024 over HTTP, 2,048 over gRPC. */
  readonly lanes: number
  readonly env?: Readonly<Record<string, string>>
  readonly onProgress?: (sent: number, residentMiB: number) => void
}

export interface HeldFigures {
  readonly protocol: string
  readonly bytes: number
  readonly perSecond: number
  readonly calmMiB: number
  readonly highestMiB: number
  readonly afterMiB: number
  /** Of V8 and of buffers when resident memory was highest. */
  readonly heap: string
  readonly mostHeld: number
  readonly mostBufferedBytes: number
  readonly outcomes: string
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** Events that find a replica, before it goes. */
const warming = 20_000
const outcomes = ['held-full', 'no-replica', 'deadline', 'cancelled']

export async function holdMillion({
  protocol,
  events,
  bytes,
  lanes,
  env,
  onProgress,
}: HeldOptions): Promise<HeldFigures> {
  const wire = protocol === 'http' ? httpWire : grpcWire
  const replica = await Replica.start(protocol)
  const proxy = await startProxyProcess(wire, [replica.port], { PROXY_HOLD_TIMEOUT: '10s', ...env })
  const sender = protocol === 'http' ? httpSender(proxy.port) : grpcSender(proxy.port)
  const read = (name: string, labels?: readonly string[]) => metric(proxy.adminPort, name, labels)
  const body = Buffer.from('id=0;'.padEnd(bytes, 'x'))
  let sent = -warming
  let [highestMiB, mostHeld, mostBufferedBytes] = [0, 0, 0]
  let heap = ''
  const lane = async (until: number) => {
    while (sent < until) {
      sent += 1
      await sender.send(body)
    }
  }
  const sendAll = (until: number) => Promise.all(Array.from({ length: lanes }, () => lane(until)))
  try {
    // What code takes when it has run, the page of metrics too, and the sender's connections are no part of what waits.
    await read('dapr_proxy_held')
    await sendAll(0)
    replica.kill()
    await pause(6000)
    const calmMiB = residentMiB(proxy.pid)
    const startedMs = performance.now()
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        const nowMiB = residentMiB(proxy.pid)
        if (nowMiB > highestMiB) heap = await heapOf(read)
        highestMiB = Math.max(highestMiB, nowMiB)
        mostHeld = Math.max(mostHeld, await read('dapr_proxy_held'))
        mostBufferedBytes = Math.max(mostBufferedBytes, await read('dapr_proxy_buffered_bytes'))
        onProgress?.(sent, residentMiB(proxy.pid))
        await pause(200)
      }
    })()
    await sendAll(events)
    const seconds = (performance.now() - startedMs) / 1000
    isOver = true
    await watching
    await pause(3000)
    const counts = await Promise.all(
      outcomes.map(async (outcome) => `${outcome} ${await read('dapr_proxy_events_total', [`outcome="${outcome}"`])}`),
    )
    const rounded = (mib: number) => Math.round(mib * 10) / 10
    return {
      ...{ protocol, bytes, mostHeld, mostBufferedBytes, perSecond: Math.round(events / seconds) },
      ...{ calmMiB: rounded(calmMiB), highestMiB: rounded(highestMiB), afterMiB: rounded(residentMiB(proxy.pid)) },
      heap,
      outcomes: counts.join(', '),
    }
  } finally {
    sender.close()
    proxy.kill()
    replica.kill()
  }
}

/** What V8 and buffers take, in words. */
export async function heapOf(read: (name: string) => Promise<number>): Promise<string> {
  const mib = async (name: string) => `${((await read(name)) / 1024 / 1024).toFixed(1)} MiB`
  const [used, total, external] = await Promise.all(
    ['nodejs_heap_size_used_bytes', 'nodejs_heap_size_total_bytes', 'nodejs_external_memory_bytes'].map(mib),
  )
  return `${used} of ${total} used, ${external} outside of it`
}
