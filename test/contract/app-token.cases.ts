// Who may bring events, where daprd and the proxy share a token. Every protocol runs all of it.

import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually, metric, setUpProxy } from '../support/proxy.ts'
import { binding, pubsub, type Seen, topic, type Wire } from '../support/wire.ts'

const token = 'a-token-of-daprd'
const data = Buffer.from('{"id":"1"}')

export function appTokenCases(wire: Wire): void {
  const setUp = async (env: Record<string, string>) => {
    const seen: Seen[] = []
    const replica = await wire.startFunction((event) => {
      seen.push(event)
      return { status: 'SUCCESS' }
    })
    onTestFinished(() => replica.kill())
    return { seen, ...(await setUpProxy(wire, [replica.port], env)) }
  }

  describe(`the app token over ${wire.protocol}`, () => {
    test.each([
      ['no function sees it', {}, undefined],
      ['goes on to a function that looks for it too', { PROXY_PASS_APP_TOKEN: 'true' }, token],
    ])('is asked for, and %s', async (_what, env, passed) => {
      const { seen, sidecar } = await setUp({ APP_API_TOKEN: token, ...env })
      const metadata = { 'x-before': '1', 'dapr-api-token': token, 'x-after': '2' }

      expect(await sidecar.topic(data, { metadata })).toMatchObject({ outcome: 'success' })
      expect(await sidecar.binding(data, { metadata })).toMatchObject({ outcome: 'success' })
      expect(seen).toHaveLength(2)
      for (const event of seen) {
        expect(event.metadata).toMatchObject({ 'x-before': '1', 'x-after': '2' })
        expect(event.metadata['dapr-api-token']).toBe(passed)
      }
    })

    test.each([
      ['none', {}],
      ['a wrong one', { 'dapr-api-token': `${token}x` }],
      ['an empty one', { 'dapr-api-token': '' }],
    ])('%s: the event reaches nobody, and is counted', async (_what, metadata) => {
      const { seen, proxy, sidecar } = await setUp({ APP_API_TOKEN: token })
      const heard = [await sidecar.topic(data, { metadata }), await sidecar.binding(data, { metadata })]

      for (const { outcome, code, text } of heard) {
        expect(['retry', 'error']).toContain(outcome)
        expect(code).toBe(wire.codes.unauthenticated)
        expect(text).toContain('APP_API_TOKEN')
        expect(text).not.toContain(token)
      }
      expect(seen).toEqual([])
      const refused = () => metric(proxy.adminPort, 'dapr_proxy_events_total', ['outcome="no-token"'])
      await eventually(async () => (await refused()) === 2)
    })

    test('is not asked for by questions', async () => {
      const { sidecar } = await setUp({ APP_API_TOKEN: token })

      expect(await sidecar.isHealthy()).toBe(true)
      expect(await sidecar.discover()).toEqual({ topics: [`${pubsub}/${topic}`], bindings: [binding] })
    })

    test('goes on to the function where the proxy has none', async () => {
      const { seen, sidecar } = await setUp({})
      await sidecar.topic(data, { metadata: { 'dapr-api-token': token } })

      expect(seen.map(({ metadata }) => metadata['dapr-api-token'])).toEqual([token])
    })
  })
}
