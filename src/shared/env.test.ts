import { expect, test } from 'vitest'
import { ConfigurationError, EnvReader, parseDurationMs } from './env.ts'

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['1.5m', 90_000],
  ['0s', 0],
])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
})

test.each(['', '30', 's', '-1s', '1d', '1s 2s', '9999h'])('%j is no duration', (text) => {
  expect(parseDurationMs(text)).toBeUndefined()
})

test('an empty variable counts as unset', () => {
  const read = new EnvReader({ A: ' ', B: '' })

  expect([read.integer('A', 7, { min: 0, max: 9 }), read.text('B')]).toEqual([7, undefined])
  expect(() => read.finish()).not.toThrow()
})

test('all that is wrong is said in one message, with name and remedy', () => {
  const read = new EnvReader({ A: '12', B: 'z' })
  read.integer('A', 0, { min: 0, max: 9 })
  read.oneOf('B', ['x', 'y'] as const, 'x')

  expect(() => read.finish()).toThrow(ConfigurationError)
  expect(() => read.finish()).toThrow(
    'wrong configuration:\n  A is "12"; give a whole number from 0 to 9\n  B is "z"; give one of x, y',
  )
})
