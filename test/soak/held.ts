// A million events while no replica is there: what becomes of them, and what memory do they take?

import { residentMiB } from '../bench/usage.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { metric, unusedPort } from '../support/proxy.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { grpcSender, httpSender } from './senders.ts'

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
  readonly mostHeld: number
  readonly mostBufferedBytes: number
  readonly outcomes: string
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
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
  const proxy = await startProxyProcess(wire, [await unusedPort()], { PROXY_HOLD_TIMEOUT: '10s', ...env })
  const sender = protocol === 'http' ? httpSender(proxy.port) : grpcSender(proxy.port)
  const read = (name: string, labels?: readonly string[]) => metric(proxy.adminPort, name, labels)
  const body = Buffer.from('id=0;'.padEnd(bytes, 'x'))
  let sent = 0
  let [highestMiB, mostHeld, mostBufferedBytes] = [0, 0, 0]
  const lane = async () => {
    while (sent < events) {
      sent += 1
      await sender.send(body)
    }
  }
  try {
    // The page of metrics has its price, once.
    await read('dapr_proxy_held')
    await pause(1000)
    const calmMiB = residentMiB(proxy.pid)
    const startedMs = performance.now()
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        highestMiB = Math.max(highestMiB, residentMiB(proxy.pid))
        mostHeld = Math.max(mostHeld, await read('dapr_proxy_held'))
        mostBufferedBytes = Math.max(mostBufferedBytes, await read('dapr_proxy_buffered_bytes'))
        onProgress?.(sent, residentMiB(proxy.pid))
        await pause(200)
      }
    })()
    await Promise.all(Array.from({ length: lanes }, lane))
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
      outcomes: counts.join(', '),
    }
  } finally {
    sender.close()
    proxy.kill()
  }
}
