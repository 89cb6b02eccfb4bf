// The watch of EndpointSlices over real sockets: in order, and cut wherever it can be.

import { describe, expect, test } from 'vitest'
import { type ApiServerDouble, slice, startApiServer } from '../support/api-server.ts'
import { follow, started, startRelay } from '../support/endpointslices.ts'
import { eventually } from '../support/proxy.ts'

const path = '/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices'

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

    const asked = server.requests.map(({ query }) => `${query.watch ? 'watch' : 'list'} ${query.resourceVersion}`)
    expect(asked).toEqual(['list 0', 'watch 101', 'watch 103'])
  })

  test('after any byte of an event loses nothing', async () => {
    const { server, now, sets } = await started('10.0.0.0')
    let host = 0
    const length = Buffer.byteLength(
      `${JSON.stringify({ type: 'MODIFIED', object: { ...slice('f-a', ['10.0.0.1']), metadata: { name: 'f-a', labels: { 'kubernetes.io/service-name': 'f' }, resourceVersion: '102' } } })}\n`,
    )
    for (let at = 0; at <= length; at += 17) {
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

  test('at any byte of the handshake, of the head, of the list or of the first events', async () => {
    const server = await startApiServer()
    server.put(slice('f-a', ['10.0.0.1']))
    for (let at = 0; at < 4000; at += 131) {
      const relay = await startRelay(server.port, at)
      const { now, stop } = follow(server, { apiServer: { host: '127.0.0.1', port: relay } })
      await eventually(() => now()?.[0] === '10.0.0.1')
      stop()
    }
    await eventually(() => server.sockets.size === 0)
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
