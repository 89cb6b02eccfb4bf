import { expect, test, vi } from 'vitest'
import type { Sidecar } from './sidecar.ts'
import { createStates } from './states.ts'

const states = {
  pg: { componentName: 'postgres', componentType: 'state.postgresql' },
  cache: { componentName: 'redis', componentType: 'state.redis' },
}

const record = () => {
  const call = (name: string) => vi.fn(async (...args: unknown[]) => [name, ...args])
  const names = ['saveState', 'getState', 'getBulkState', 'deleteState', 'transactState', 'queryState'] as const
  return Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as Sidecar
}

test('takes the first store without a name, and the named one with it', async () => {
  const { state, getState } = createStates(states, record())

  expect(await state.get({ key: 'a' })).toEqual(['getState', 'postgres', 'a'])
  expect(await state.get({ key: 'a' }, 'cache')).toEqual(['getState', 'redis', 'a'])
  expect(getState('cache').componentName).toBe('redis')
})

test('hands the values of the argument through, as the body of a request carries them', async () => {
  const { state } = createStates(states, record())
  const items = [{ key: 'a', value: 1 }]
  const operations = [{ operation: 'delete', request: { key: 'a' } }]

  expect(await state.save({ data: items }, 'cache')).toEqual(['saveState', 'redis', items])
  expect(await state.getBulk({ keys: ['a'], parallelism: 3 })).toEqual(['getBulkState', 'postgres', ['a'], 3])
  expect(await state.delete({ key: 'a' })).toEqual(['deleteState', 'postgres', 'a'])
  expect(await state.transaction({ operations })).toEqual(['transactState', 'postgres', operations, undefined])
  expect(await state.query({ query: { page: {} } })).toEqual(['queryState', 'postgres', { page: {} }])
})

test.each(['nope', 'constructor'])('an unknown store (%s) is told with the names there are', async (store) => {
  const { state } = createStates(states, record())

  await expect(state.get({ key: 'a' }, store)).rejects.toThrow('the Function has pg, cache')
})

test('says what is missing', async () => {
  await expect(createStates({}, record()).state.get({ key: 'a' })).rejects.toThrow('no state store')
  await expect(createStates(states, record()).state.get({ a: 'x', b: 'y' })).rejects.toThrow('one key')
})
