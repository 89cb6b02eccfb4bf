// In virtual time: outages, refusals and waits of minutes.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ReplicaAddress } from '../../../dapr/replica.ts'
import { createLog } from '../../../shared/log.ts'
import type { OnReplicas } from '../found.ts'
import { type Answer, type ApiServer, Refusal } from './api-server.ts'
import { startEndpointSlices } from './endpointslices.ts'

const config = {
  kind: 'endpointslices',
  namespace: 'ns',
  service: 'f',
  port: { likely: 8080 },
  apiServer: { host: '10.96.0.1', port: 443 },
  account: '/account',
  fallback: { host: 'f.ns.svc.cluster.local', port: 8080 },
} as const

interface Asked {
  readonly atMs: number
  readonly query: URLSearchParams
}

/** An API server whose mood is one word; a watch stays until it is ended. DNS answers as `dns` says. */
type Mood = 'well' | 'down' | number

function start({ mood = 'well' as Mood, random = 0.5 } = {}) {
  const asked: Asked[] = []
  const dns = { isRunning: false, answer: (_: readonly ReplicaAddress[]) => {} }
  const server = {
    mood,
    version: 100,
    hosts: ['10.0.0.1'],
    watch: undefined as { answer: Answer; end(error?: Error): void } | undefined,
    change(...hosts: string[]) {
      server.version += 1
      server.hosts = hosts
      server.send({ type: 'MODIFIED', object: slice() })
    },
    /** What throws at the bytes ends the exchange. */
    send(event: object) {
      try {
        server.watch?.answer.onBytes(Buffer.from(`${JSON.stringify(event)}\n`))
      } catch (error) {
        server.watch?.end(error as Error)
      }
    },
  }
  const slice = () => ({
    metadata: { name: 'f-a', resourceVersion: String(server.version) },
    addressType: 'IPv4',
    endpoints: server.hosts.map((host) => ({ addresses: [host] })),
    ports: [{ port: 8080 }],
  })
  const api: ApiServer = {
    async ask(path, answer, signal) {
      const query = new URLSearchParams(path.split('?')[1])
      asked.push({ atMs: performance.now(), query })
      if (server.mood === 'down') throw new Error('connect ECONNREFUSED')
      if (typeof server.mood === 'number') throw new Refusal(server.mood, `${server.mood} no`)
      answer.onOpen?.()
      if (query.has('watch')) {
        return await new Promise((resolve, reject) => {
          const end = (error?: Error) => {
            signal.removeEventListener('abort', stop)
            if (error) reject(error)
            else resolve()
          }
          const stop = () => end(new Error('stopped'))
          signal.addEventListener('abort', stop)
          server.watch = { answer, end }
        })
      }
      const metadata = { resourceVersion: String(server.version) }
      answer.onBytes(Buffer.from(JSON.stringify({ metadata, items: [slice()] })))
    },
  }
  const startDns = (_: ReplicaAddress, onReplicas: OnReplicas) => {
    dns.isRunning = true
    dns.answer = (replicas) => dns.isRunning && onReplicas(replicas)
    return {
      ready: Promise.resolve(),
      stop() {
        dns.isRunning = false
      },
    }
  }
  const sets: string[][] = []
  const lines: string[] = []
  const log = createLog((line) => lines.push(JSON.parse(line).message))
  const clock = { now: () => performance.now(), random: () => random }
  const onReplicas: OnReplicas = (set) => sets.push(set.map(({ host }) => host))
  const discovery = startEndpointSlices(config, onReplicas, log, { api, clock, dns: startDns })
  return { discovery, server, dns, sets, lines, asked, now: () => sets.at(-1) }
}

const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000)
const moment = () => vi.advanceTimersByTimeAsync(200)
const at = (host: string) => [{ host, port: 8080 }]

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('an outage of 30 minutes', () => {
  test('takes nothing away, is told once, and is over within seconds', async () => {
    const { discovery, server, sets, lines, asked, now } = start()
    await moment()
    server.mood = 'down'
    server.watch?.end(new Error('ECONNRESET'))
    await minutes(30)
    expect([sets, lines]).toEqual([
      [['10.0.0.1']],
      ['watches EndpointSlices', 'the API server gives no EndpointSlices; the last replicas stay'],
    ])

    server.mood = 'well'
    server.hosts = ['10.0.0.2']
    server.version = 200
    await vi.advanceTimersByTimeAsync(10_000)
    server.change('10.0.0.3')
    expect([now(), lines.length]).toEqual([['10.0.0.3'], 3])
    // Never more than one attempt per 5 s after the first few, and not fewer than one per 10 s.
    expect(asked.length).toBeGreaterThan(180)
    expect(asked.length).toBeLessThan(370)
    discovery.stop()
    await moment()
  })

  test.each([0, 0.999])(
    'waits at first 100 ms, then twice as long up to 10 s, half of it by chance (%d)',
    async (random) => {
      const { discovery, server, asked } = start({ random })
      await moment()
      server.mood = 'down'
      const before = asked.length
      const cutAtMs = performance.now()
      server.watch?.end(new Error('ECONNRESET'))
      await minutes(2)
      const times = [cutAtMs, ...asked.slice(before).map(({ atMs }) => atMs)]
      const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0))

      const factor = 0.5 + random / 2
      for (const [index, base] of [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000].entries()) {
        expect(Math.abs((waits[index] ?? 0) - base * factor)).toBeLessThan(20)
      }
      discovery.stop()
      await moment()
    },
  )

  test('after which the version is forgotten: the list does not wait once more', async () => {
    const { discovery, server, asked, lines, now } = start()
    await moment()
    server.mood = 'down'
    server.watch?.end(new Error('ECONNRESET'))
    await minutes(5)
    server.mood = 'well'
    const before = asked.length
    while (asked.length === before) await vi.advanceTimersByTimeAsync(10)
    server.hosts = ['10.0.0.2']
    server.version = 200
    server.send({ type: 'ERROR', object: { code: 410 } })
    await moment()
    expect([now(), lines.length]).toEqual([['10.0.0.2'], 3])
    discovery.stop()
    await moment()
  })

  test('from the start leaves the word to DNS, until the watch is there', async () => {
    const { discovery, server, dns, lines, now } = start({ mood: 'down' })
    let isReady = false
    discovery.ready.then(() => {
      isReady = true
    })
    await minutes(1)
    expect([isReady, dns.isRunning]).toEqual([false, true])
    dns.answer(at('10.0.0.7'))
    await moment()
    expect([isReady, now()]).toEqual([true, ['10.0.0.7']])

    server.mood = 'well'
    await minutes(1)
    expect([now(), dns.isRunning]).toEqual([['10.0.0.1'], false])
    expect(lines).toEqual(['the API server gives no EndpointSlices; replicas come from DNS', 'watches EndpointSlices'])
    discovery.stop()
    await moment()
  })
})

describe('a right that is missing', () => {
  test.each([0, 403, 404])('%i: DNS at once and one line; the watch is tried again each minute', async (mood) => {
    const { discovery, server, dns, lines, asked, now } = start({ mood })
    await moment()
    dns.answer(at('10.0.0.7'))
    await minutes(30)
    expect([now(), lines]).toEqual([['10.0.0.7'], ['may not watch EndpointSlices; replicas come from DNS']])
    expect(asked.length).toBeGreaterThanOrEqual(30)
    expect(asked.length).toBeLessThanOrEqual(61)

    server.mood = 'well'
    await minutes(1)
    expect([now(), dns.isRunning, lines.at(-1)]).toEqual([['10.0.0.1'], false, 'watches EndpointSlices'])
    dns.answer(at('10.0.0.8'))
    expect(now()).toEqual(['10.0.0.1'])
    discovery.stop()
    await moment()
  })

  test('that is taken away later: a DNS that has never known the Service does not empty the set', async () => {
    const { discovery, server, dns, now } = start()
    await moment()
    server.mood = 403
    server.watch?.end()
    await moment()
    expect(dns.isRunning).toBe(true)
    dns.answer([])
    expect(now()).toEqual(['10.0.0.1'])
    // Once it has, its word that there is none is true.
    dns.answer(at('10.0.0.2'))
    dns.answer([])
    expect(now()).toEqual([])
    discovery.stop()
    expect(dns.isRunning).toBe(false)
    await moment()
  })

  test('a token that is refused twice: DNS; once: nothing', async () => {
    const { discovery, server, dns, asked, lines } = start()
    await moment()
    server.mood = 401
    server.watch?.end()
    await vi.advanceTimersByTimeAsync(80)
    expect([asked.length, dns.isRunning]).toEqual([3, false])
    await vi.advanceTimersByTimeAsync(150)
    expect([asked.length, dns.isRunning, lines.at(-1)]).toEqual([
      4,
      true,
      'may not watch EndpointSlices; replicas come from DNS',
    ])
    discovery.stop()
    await moment()
  })
})

describe('a watch', () => {
  test('that ends every five minutes for a day asks for no list again, and is told once', async () => {
    const { discovery, server, asked, lines } = start()
    for (let n = 0; n < 288; n += 1) {
      await minutes(5)
      server.watch?.end()
    }
    await moment()

    expect(asked.filter(({ query }) => !query.has('watch'))).toHaveLength(1)
    expect([asked.length, lines]).toEqual([290, ['watches EndpointSlices']])
    discovery.stop()
    await moment()
  })

  test('that is cut 1,000 times after an event each converges at once each time', async () => {
    const { discovery, server, now, lines } = start()
    await moment()
    for (let n = 0; n < 1000; n += 1) {
      server.change(`10.1.0.${n % 250}`)
      server.watch?.end(new Error('ECONNRESET'))
      await moment()
      expect(now()).toEqual([`10.1.0.${n % 250}`])
    }
    expect(lines).toEqual(['watches EndpointSlices'])
    discovery.stop()
    await moment()
  })

  test('that is answered and ends at once, again and again, is asked for ever more seldom', async () => {
    const { discovery, server, asked } = start()
    const end = setInterval(() => server.watch?.end(), 20)
    await minutes(5)
    clearInterval(end)

    expect(asked.length).toBeLessThan(60)
    discovery.stop()
    await moment()
  })
})
