import { expect, test } from 'vitest'
import { createBootWatch } from './boot.ts'

function create() {
  let now = 0
  const boot = createBootWatch(() => now)
  return {
    boot,
    pass(ms: number) {
      now += ms
    },
  }
}

test('a replica boots for ten seconds from the first connection', () => {
  const { boot, pass } = create()
  boot.connected()
  pass(9999)
  boot.connected()
  expect(boot.isBooting()).toBe(true)
  pass(1)
  expect(boot.isBooting()).toBe(false)
})

test('a replica that has answered boots no more, until it could not be reached', () => {
  const { boot } = create()
  boot.connected()
  boot.answered()
  expect(boot.isBooting()).toBe(false)
  boot.unreachable()
  boot.connected()
  expect(boot.isBooting()).toBe(true)
})
