// The watch of EndpointSlices over real sockets, against a stand-in of the API server that fails in every way it can.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startDiscovery } from '../../src/proxy/discovery/discovery.ts'
import { createApiServer } from '../../src/proxy/discovery/endpointslices/api-server.ts'
import type { EndpointSlicesConfig } from '../../src/proxy/discovery/settings.ts'
import { createLog } from '../../src/shared/log.ts'
import { type ApiServerDouble, slice, startApiServer } from '../support/api-server.ts'
import { eventually } from '../support/proxy.ts'

const path = '/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices'

/** A discovery in front of `server`. The fallback is a name that the system knows. */
function follow(server: ApiServerDouble, more: Partial<EndpointSlicesConfig> = {}) {
  const sets: string[][] = []
  const lines: string[] = []
  const config: EndpointSlicesConfig = {
    kind: 'endpointslices',
    namespace: 'ns',
    service: 'f',
    port: { likely: 8080 },
    apiServer: { host: '127.0.0.1', port: server.port },
    account: server.account,
    fallback: { host: '127.0.0.9', port: 8080 },
    ...more,
  }
  const log = createLog((line) => lines.push(line), 'debug')
  const discovery = startDiscovery(config, (set) => sets.push(set.map(({ host }) => host)), log)
  let isStopped = false
  const stop = () => {
    isStopped = true
    discovery.stop()
  }
  onTestFinished(() => {
    if (!isStopped) discovery.stop()
    // Whatever happened: the token is in no log.
    expect(lines.join('')).not.toMatch(/first|second|Bearer/)
  })
  return {
    discovery,
    sets,
    lines,
    stop,
    now: () => sets.at(-1),
    count: (text: string) => lines.filter((line) => line.includes(text)).length,
  }
}

async function started(...hosts: string[]) {
  const server = await startApiServer()
  server.put(slice('f-a', hosts))
  const found = follow(server)
  await found.discovery.ready
  await eventually(() => server.watches === 1)
  return { server, ...found }
}

describe('in order', () => {
  test('one list of what the API server has at hand, one watch from there, and nothing else is asked', async () => {
    const { server, now, sets } = await started('10.0.0.1')
    server.put(slice('f-b', ['10.0.0.2']))
    await eventually(() => now()?.length === 2)
    server.put(slice('f-a', ['10.0.0.1'], { ready: false }))
    await eventually(() => now()?.length === 1)
    server.remove('f-b')
    await eventually(() => now()?.length === 0)

    expect(sets).toEqual([['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], ['10.0.0.2'], []])
    const labelSelector = 'kubernetes.io/service-name=f'
    const watch = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '101',
      timeoutSeconds: expect.any(String),
    }
    expect(server.requests).toEqual([
      { method: 'GET', path, token: 'first', query: { labelSelector, resourceVersion: '0' } },
      { method: 'GET', path, token: 'first', query: { labelSelector, ...watch } },
    ])
    const timeout = Number(server.requests[1]?.query.timeoutSeconds)
    expect(timeout).toBeGreaterThanOrEqual(300)
    expect(timeout).toBeLessThanOrEqual(600)
  })

  test('ready comes with the first list, also an empty one', async () => {
    const server = await startApiServer()
    const { discovery, sets } = follow(server)
    await discovery.ready

    expect(sets).toEqual([[]])
  })

  test('a server that its CA does not know gets no token', async () => {
    const [server, other] = [await startApiServer(), await startApiServer()]
    const { now, count } = follow(server, { account: other.account })
    await eventually(() => count('self-signed certificate') > 0)

    expect([server.requests, now()]).toEqual([[], ['127.0.0.9']])
  })
})

describe('a watch that ends', () => {
  test.each<[string, (server: ApiServerDouble) => void]>([
    ['in order', (server) => server.endWatches()],
    ['with its connection', (server) => server.cutWatches()],
  ])('%s goes on from the last version, a bookmark at best', async (_name, end) => {
    const { server, now } = await started('10.0.0.1')
    server.put(slice('f-a', ['10.0.0.2']))
    await eventually(() => now()?.[0] === '10.0.0.2')
    server.bookmark()
    server.put(slice('f-a', ['10.0.0.3']))
    await eventually(() => now()?.[0] === '10.0.0.3')
    end(server)
    server.put(slice('f-a', ['10.0.0.4']))
    await eventually(() => now()?.[0] === '10.0.0.4')

    expect(server.requests.map(({ query }) => query.resourceVersion)).toEqual(['0', '101', '103'])
  })

  test('after any byte of an event loses nothing', async () => {
    const { server, now, sets } = await started('10.0.0.0')
    let host = 0
    const length = Buffer.byteLength(
      `${JSON.stringify({ type: 'MODIFIED', object: { ...slice('f-a', ['10.0.0.1']), metadata: { name: 'f-a', labels: { 'kubernetes.io/service-name': 'f' }, resourceVersion: '102' } } })}\n`,
    )
    for (let at = 0; at <= length; at += 7) {
      host += 1
      let isCut = false
      server.write = (response, bytes) => {
        if (isCut) return response.write(bytes)
        isCut = true
        response.write(bytes.subarray(0, at), () => response.destroy())
      }
      await eventually(() => server.watches === 1)
      server.put(slice('f-a', [`10.0.1.${host}`]))
      await eventually(() => now()?.[0] === `10.0.1.${host}`)
    }

    expect(sets.every((set) => set.length === 1)).toBe(true)
    await eventually(() => server.sockets.size <= 1)
  })

  test('in pieces of any size, each character is whole', async () => {
    const { server, now } = await started('10.0.0.0')
    server.write = (response, bytes) => {
      for (const byte of bytes) response.write(Buffer.from([byte]))
    }
    const odd = { ...slice('f-a', ['10.0.0.1']), apiVersion: 'größe € 🚀' }
    server.put(odd)
    await eventually(() => now()?.[0] === '10.0.0.1')

    expect(server.requests).toHaveLength(2)
  })

  test.each<[string, (server: ApiServerDouble) => void]>([
    ['ERROR 410', (server) => server.send({ type: 'ERROR', object: { code: 410, message: 'too old' } })],
    ['what is no JSON', (server) => server.send('{"type":')],
    ['what is no event', (server) => server.send('null')],
    ['a line without end', (server) => server.send(`{"type":"${'x'.repeat(9 * 1024 * 1024)}`)],
    ['an unknown type', (server) => server.send({ type: 'WHAT', object: { metadata: { name: 'x' } } })],
  ])('with %s is followed by a list of nothing older', async (_name, fail) => {
    const { server, now, sets } = await started('10.0.0.1')
    fail(server)
    await eventually(() => server.requests.length === 4)
    server.put(slice('f-a', ['10.0.0.2']))
    await eventually(() => now()?.[0] === '10.0.0.2')

    expect(server.requests[2]?.query).toEqual({ labelSelector: 'kubernetes.io/service-name=f', resourceVersion: '101' })
    expect(sets.flat()).not.toContain('127.0.0.9')
  })

  test('because its version is forgotten while nobody watched', async () => {
    const { server, now } = await started('10.0.0.1')
    const { port } = server
    await server.close()
    server.put(slice('f-a', ['10.0.0.2']))
    server.compact()
    await server.listen(port)
    await eventually(() => now()?.[0] === '10.0.0.2')
  })
})

describe('an API server', () => {
  test('that is down takes nothing away, and is told once', async () => {
    const { server, sets, count, now } = await started('10.0.0.1')
    const { port } = server
    await server.close()
    await eventually(() => count('the last replicas stay') === 1)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(sets).toEqual([['10.0.0.1']])

    server.put(slice('f-a', ['10.0.0.2']))
    await server.listen(port)
    await eventually(() => now()?.[0] === '10.0.0.2')
    expect([count('the last replicas stay'), count('"watches EndpointSlices"')]).toEqual([1, 2])
    expect(sets.flat()).not.toContain('127.0.0.9')
  })

  test('that is down from the start leaves the word to DNS, until it comes', async () => {
    const server = await startApiServer()
    const { port } = server
    await server.close()
    server.put(slice('f-a', ['10.0.0.1']))
    const { discovery, now } = follow(server)
    await discovery.ready
    expect(now()).toEqual(['127.0.0.9'])

    await server.listen(port)
    await eventually(() => now()?.[0] === '10.0.0.1')
  })

  test('that has fallen behind does not undo what is known', async () => {
    const { server, sets, now } = await started('10.0.0.1')
    server.put(slice('f-a', ['10.0.0.2']))
    await eventually(() => now()?.[0] === '10.0.0.2')
    server.behind = 101
    server.send({ type: 'ERROR', object: { code: 410 } })
    await eventually(() => server.requests.filter(({ query }) => query.watch).length === 2)

    expect(sets.map(([host]) => host).lastIndexOf('10.0.0.1')).toBe(0)
    expect(now()).toEqual(['10.0.0.2'])
    // First nothing older, which this one cannot give; then the word of etcd.
    expect(server.requests.slice(2).map(({ query }) => query.resourceVersion)).toEqual(['102', undefined, '102'])
  })

  test('whose etcd was restored from a copy is believed', async () => {
    const { server, now } = await started('10.0.0.1')
    server.restoreTo(50)
    server.put(slice('f-a', ['10.0.0.9']))
    server.cutWatches()
    await eventually(() => now()?.[0] === '10.0.0.9')
  })

  test.each([429, 500, 503])('that answers %i takes nothing away', async (status) => {
    const { server, sets, now } = await started('10.0.0.1')
    server.refuse = () => status
    server.cutWatches()
    await eventually(() => server.requests.length >= 4)
    expect(sets).toEqual([['10.0.0.1']])

    server.put(slice('f-a', ['10.0.0.2']))
    server.refuse = () => undefined
    await eventually(() => now()?.[0] === '10.0.0.2')
  })
})

describe('one question', () => {
  const bounds = { silentMs: 60_000, deadlineMs: 60_000 }
  const ask = (server: ApiServerDouble, more: object) => {
    const { signal } = new AbortController()
    const api = createApiServer({ host: '127.0.0.1', port: server.port }, server.account)
    return api.ask(`${path}?watch=true&resourceVersion=${server.version}`, { ...bounds, onBytes() {}, ...more }, signal)
  }

  test.each([
    ['that brings nothing for a while', { silentMs: 50 }, 'nothing for 50 ms'],
    ['that has not ended in time', { deadlineMs: 50 }, 'not over within 50 ms'],
  ])('%s is given up, and its connection closed', async (_name, bound, message) => {
    const server = await startApiServer()

    await expect(ask(server, bound)).rejects.toThrow(message)
    await eventually(() => server.sockets.size === 0)
  })

  test('lives as long as something comes', async () => {
    const server = await startApiServer()
    let bytes = 0
    const answer = ask(server, {
      silentMs: 200,
      onBytes: ({ length }: Buffer) => {
        bytes += length
      },
    })
    answer.catch(() => {})
    await eventually(() => server.watches === 1)
    for (let n = 0; n < 10; n += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      server.bookmark()
    }
    server.endWatches()

    await answer
    expect(bytes).toBeGreaterThan(0)
  })
})

describe('the account', () => {
  test.each([
    ['no right to list', 403, {}],
    ['no right to watch', 403, { watch: 'true' }],
    ['no such API', 404, {}],
  ])('%s: DNS at once, and one line', async (_name, status, on) => {
    const server = await startApiServer()
    server.put(slice('f-a', ['10.0.0.1']))
    server.refuse = ({ query }) =>
      Object.entries(on).every(([key, value]) => query[key] === value) ? status : undefined
    const { now, count, lines } = follow(server)
    await eventually(() => now()?.[0] === '127.0.0.9')
    const asked = server.requests.length
    await new Promise((resolve) => setTimeout(resolve, 1500))

    expect(count('may not watch EndpointSlices; replicas come from DNS')).toBe(1)
    expect(lines.filter((line) => line.includes('"warn"'))).toHaveLength(1)
    expect(server.requests).toHaveLength(asked)
  })

  test('no token: DNS at once, and nothing is asked', async () => {
    const server = await startApiServer()
    const { now, count } = follow(server, { account: '/nonexistent' })
    await eventually(() => now()?.[0] === '127.0.0.9')

    expect([server.requests, count('no service account')]).toEqual([[], 1])
  })

  test('a token that is renewed in its file is read for the next request', async () => {
    const { server, now, sets } = await started('10.0.0.1')
    server.acceptToken('second')
    server.cutWatches()
    await eventually(() => server.requests.length === 3)
    writeFileSync(join(server.account, 'token'), 'second')
    server.put(slice('f-a', ['10.0.0.2']))
    await eventually(() => now()?.[0] === '10.0.0.2' && server.watches === 1)

    expect(server.requests.slice(2).map(({ token }) => token)).toEqual(['first', 'second', 'second'])
    expect(sets.flat()).not.toContain('127.0.0.9')
  })

  test('a token that stays invalid: DNS', async () => {
    const { server, now } = await started('10.0.0.1')
    server.acceptToken('second')
    server.cutWatches()
    await eventually(() => now()?.[0] === '127.0.0.9')

    expect(server.requests).toHaveLength(4)
  })
})

describe('much of it', () => {
  test('5,000 changes over 50 slices end where the API server ends', async () => {
    const { server, now } = await started('10.0.0.1')
    const expected = new Map<string, string[]>()
    const change = (n: number) => {
      const name = `f-${n % 50}`
      const hosts = n % 7 === 0 ? [] : [`10.1.${n % 50}.${n % 250}`, `10.2.${n % 50}.${n % 250}`]
      expected.set(name, hosts)
      if (hosts.length > 0) server.put(slice(name, hosts))
      else server.remove(name)
    }
    for (let n = 0; n < 5000; n += 1) {
      change(n)
      if (n % 500 === 250) server.cutWatches()
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    server.put(slice('f-last', ['10.9.9.9']))
    await eventually(() => now()?.includes('10.9.9.9') === true)

    expect(now()?.toSorted()).toEqual(['10.0.0.1', '10.9.9.9', ...[...expected.values()].flat()].toSorted())
  })

  test('a stop leaves no socket and asks no more, at any moment', async () => {
    const server = await startApiServer()
    for (let n = 0; n < 40; n += 1) {
      const { stop } = follow(server)
      await new Promise((resolve) => setTimeout(resolve, n))
      stop()
    }
    await eventually(() => server.sockets.size === 0)
    const asked = server.requests.length
    await new Promise((resolve) => setTimeout(resolve, 300))

    expect([server.requests.length, server.sockets.size]).toEqual([asked, 0])
  })
})
