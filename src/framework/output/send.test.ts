import { expect, test, vi } from 'vitest'
import { createSend } from './send.ts'
import type { Sidecar } from './sidecar.ts'

const outputs = {
  audit: { componentName: 'bus', componentType: 'pubsub.redis', uri: 'audit-log', metadata: { ttlInSeconds: '5' } },
  mail: { componentName: 'smtp', componentType: 'bindings.smtp', operation: 'post', metadata: { to: 'a@b' } },
  queue: { componentName: 'q', componentType: 'bindings.kafka' },
}

const sidecar = () =>
  ({ publish: vi.fn(async () => undefined), invokeBinding: vi.fn(async () => 'answer') }) as unknown as Sidecar

test('sends to the named output alone', async () => {
  const to = sidecar()

  await createSend(outputs, to)({ a: 1 }, 'audit')

  const publication = { pubsub: 'bus', topic: 'audit-log', data: { a: 1 }, metadata: { ttlInSeconds: '5' } }
  expect(to.publish).toHaveBeenCalledExactlyOnceWith(publication)
  expect(to.invokeBinding).not.toHaveBeenCalled()
})

test('sends to all without a name, with the operation of each', async () => {
  const to = sidecar()

  const results = await createSend(outputs, to)('x')

  expect(to.publish).toHaveBeenCalledOnce()
  expect(to.invokeBinding).toHaveBeenCalledWith({ name: 'smtp', operation: 'post', data: 'x', metadata: { to: 'a@b' } })
  expect(to.invokeBinding).toHaveBeenCalledWith({ name: 'q', operation: 'create', data: 'x', metadata: {} })
  expect(results[1]).toEqual({ status: 'fulfilled', value: 'answer' })
})

test.each(['nope', 'toString'])('an unknown name (%s) is told with the names there are', async (name) => {
  await expect(createSend(outputs, sidecar())('x', name)).rejects.toThrow(
    `no output is named "${name}"; the Function has audit, mail, queue`,
  )
})

test('a Function without outputs sends to none of them', async () => {
  await expect(createSend({}, sidecar())('x')).resolves.toEqual([])
  await expect(createSend({}, sidecar())('x', 'a')).rejects.toThrow('the Function has none')
})

test('one failure rejects, after all were tried', async () => {
  const to = { ...sidecar(), publish: vi.fn(async () => Promise.reject(new Error('broker down'))) }

  await expect(createSend(outputs, to)('x')).rejects.toThrow('output audit: broker down')
  expect(to.invokeBinding).toHaveBeenCalledTimes(2)
})
