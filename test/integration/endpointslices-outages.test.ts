// The watch of EndpointSlices over real sockets: API servers that are down, behind or refuse, and much of it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createApiServer } from '../../src/proxy/discovery/endpointslices/api-server.ts'
import { type ApiServerDouble, slice, startApiServer } from '../support/api-server.ts'
import { follow, started } from '../support/endpointslices.ts'
import { eventually } from '../support/proxy.ts'

const path = '/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices'

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
