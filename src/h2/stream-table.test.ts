import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { assert, constantFrom, integer, property, array as series, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import type { Stream } from './stream.ts'
import { StreamTable } from './stream-table.ts'

const stream = (id: number) => ({ id }) as Stream

test('knows of each stream what a Map would know, also where ids meet at one place', () => {
  const step = tuple(constantFrom('add', 'delete'), integer({ min: 0, max: 200 }))
  assert(
    property(series(step, { maxLength: 400, size: 'max' }), constantFrom(2, 128, 2 ** 20), (steps, apart) => {
      const table = new StreamTable()
      const model = new Map<number, Stream>()
      for (const [what, number] of steps) {
        const id = 1 + number * apart
        if (what === 'delete') {
          table.delete(id)
          model.delete(id)
        } else if (!model.has(id)) {
          table.add(stream(id))
          model.set(id, table.get(id) as Stream)
        }
        expect(table.size).toBe(model.size)
        expect(table.get(id)).toBe(model.get(id))
      }
      expect(new Set(table.all())).toEqual(new Set(model.values()))
      for (const [id, each] of model) expect(table.get(id)).toBe(each)
    }),
  )
})

test('keeps no stream that has left it alive, also when a full collection has come upon it', () => {
  setFlagsFromString('--expose-gc')
  const collect: (options?: { type: 'minor' }) => void = runInNewContext('gc')
  const table = new StreamTable()
  const kib = 1024
  const pass = (from: number, to: number) => {
    for (let id = from; id < to; id += 2) {
      table.add({ ...stream(id), owner: new Array((4 * kib) / 8).fill(id) } as unknown as Stream)
      table.delete(id - 64)
    }
  }
  pass(1, 1001)
  collect()
  const before = process.memoryUsage().heapUsed
  const passed = 8192 * kib
  for (let id = 1001; id < 1001 + (passed / (4 * kib)) * 2; id += 512) {
    pass(id, id + 512)
    collect({ type: 'minor' })
  }

  expect(process.memoryUsage().heapUsed - before).toBeLessThan(passed / 4)
})
