import { expect, test } from 'vitest'
import { Replicas } from './replicas.ts'

const at = (...ports: number[]) => ports.map((port) => ({ host: '10.0.0.1', port }))

function create() {
  const closed: number[] = []
  const replicas = new Replicas<undefined>(({ port }) => ({
    send: async () => ({ kind: 'not-run', cause: '' }),
    close: () => closed.push(port),
    abandon() {},
  }))
  return { replicas, closed }
}

test('keeps the client of a replica that stays, and closes that of one that leaves', () => {
  const { replicas, closed } = create()
  replicas.replace(at(1, 2))
  const [, second] = replicas.current()

  replicas.replace(at(2, 3))

  expect(replicas.current().map(({ address }) => address)).toEqual(['10.0.0.1:2', '10.0.0.1:3'])
  expect(replicas.current()[0]).toBe(second)
  expect(closed).toEqual([1])
})

test('tells those who wait of a change, and of nothing else', () => {
  const { replicas } = create()
  let changes = 0
  const stop = replicas.onChange(() => {
    changes += 1
  })

  replicas.replace(at(1))
  replicas.replace(at(1))
  replicas.replace([])
  stop()
  replicas.replace(at(2))

  expect(changes).toBe(2)
})
