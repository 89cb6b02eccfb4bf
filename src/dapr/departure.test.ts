import { expect, test } from 'vitest'
import { Departure } from './departure.ts'

function setUp() {
  const sender = new Departure()
  const told: string[] = []
  const listener = (name: string) => ({ gone: () => void told.push(name) })
  return { sender, told, first: listener('first'), second: listener('second') }
}

test('whoever has the event now is told, once', () => {
  const { sender, told, first, second } = setUp()
  sender.onGone(first)
  sender.forget(first)
  sender.onGone(second)

  sender.leave()
  sender.leave()

  expect(sender.isGone).toBe(true)
  expect(told).toEqual(['second'])
})

test('who lets go late does not take it from the next one', () => {
  const { sender, told, first, second } = setUp()
  sender.onGone(first)
  sender.onGone(second)
  sender.forget(first)

  sender.leave()

  expect(told).toEqual(['second'])
})

test('who has let go is not told', () => {
  const { sender, told, first } = setUp()
  sender.onGone(first)
  sender.forget(first)

  sender.leave()

  expect(told).toEqual([])
})
