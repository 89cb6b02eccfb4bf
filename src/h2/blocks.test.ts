import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { giveBlock, takeBlock } from './blocks.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
})

const size = 64 * 1024
const take = (count: number) => Array.from({ length: count }, () => takeBlock(size))
const give = (blocks: readonly Buffer[]) => {
  for (const block of blocks) giveBlock(block)
}
const knownAmong = (blocks: readonly Buffer[], earlier: readonly Buffer[]) =>
  blocks.filter((block) => earlier.includes(block)).length

test('a block that was given back is taken again, by whoever needs one of its size', () => {
  const [block] = take(1) as [Buffer]
  give([block])

  expect(takeBlock(size - 1000)).toBe(block)
  expect(takeBlock(size)).not.toBe(block)
})

test('what is needed again and again is kept, what nobody has needed for a second or two is not', () => {
  const all = take(10)
  give(all)
  for (let second = 0; second < 5; second += 1) {
    const busy = take(3)
    vi.advanceTimersByTime(500)
    give(busy)
    vi.advanceTimersByTime(500)
  }

  expect(knownAmong(take(10), all)).toBe(3)
})

test('of what is idle nothing is left, its memory goes, and no timer runs', () => {
  const all = take(10)
  give(all)
  vi.advanceTimersByTime(2000)

  expect(vi.getTimerCount()).toBe(0)
  expect(all.every(({ length }) => length === 0)).toBe(true)
  expect(knownAmong(take(10), all)).toBe(0)
})

test('what has no size of ours is not kept', () => {
  const foreign = [Buffer.alloc(100), Buffer.alloc(size + 1), Buffer.alloc(1024 * 1024)]
  give(foreign)

  expect(vi.getTimerCount()).toBe(0)
  expect(knownAmong([takeBlock(100), takeBlock(size + 1), takeBlock(1024 * 1024)], foreign)).toBe(0)
})
