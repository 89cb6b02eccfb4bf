import { expect, test } from 'vitest'
import { createTopicRoutes } from './topic-routes.ts'

const json = (value: unknown) => ({ status: 200, headers: [], body: Buffer.from(JSON.stringify(value)) })

test('takes the route that the replica names, in either form, and asks once', async () => {
  let asked = 0
  const routes = createTopicRoutes(
    async () => {
      asked += 1
      return json([
        { pubsubname: 'bus', topic: 'a', route: 'bus--a--default' },
        { pubsubname: 'bus', topic: 'b', routes: { default: '/b-default' } },
      ])
    },
    () => 0,
  )

  expect(await Promise.all([routes.pathOf('bus', 'a'), routes.pathOf('bus', 'b')])).toEqual([
    '/bus--a--default',
    '/b-default',
  ])
  expect(asked).toBe(1)
})

test.each([
  ['no answer', undefined],
  ['404', { status: 404, headers: [], body: Buffer.alloc(0) }],
  ['no JSON', { status: 200, headers: [], body: Buffer.from('<html>') }],
  ['no list', json({})],
  ['a list without it', json([null, { pubsubname: 'bus', topic: 'b', route: '/b' }])],
])('falls back to the name of the topic on %s', async (_name, reply) => {
  const routes = createTopicRoutes(
    async () => reply,
    () => 0,
  )

  expect(await routes.pathOf('bus', 'orders')).toBe('/orders')
})

test('asks again for a topic that was missing after one second, two more, four more', async () => {
  let now = 0
  const answers = [json([]), json([]), json([{ pubsubname: 'bus', topic: 'a', route: '/late' }])]
  const routes = createTopicRoutes(
    async () => answers.shift(),
    () => now,
  )

  expect(await routes.pathOf('bus', 'a')).toBe('/a')
  expect(await routes.pathOf('bus', 'a')).toBe('/a')
  now = 1000
  expect(await routes.pathOf('bus', 'a')).toBe('/a')
  now = 2999
  expect(await routes.pathOf('bus', 'a')).toBe('/a')
  now = 3000
  expect(await routes.pathOf('bus', 'a')).toBe('/late')
})
