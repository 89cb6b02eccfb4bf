import { expect, test } from 'vitest'
import { endToEnd } from './headers.ts'

test('keeps order, spelling and number of fields', () => {
  const raw = ['X-b', '1', 'x-A', '2', 'X-b', '3']

  expect(endToEnd(raw)).toEqual(raw)
})

test('drops what ends at this hop, and what Connection names', () => {
  const raw = [
    'Connection',
    'close, X-Mine',
    'Keep-Alive',
    '5',
    'TE',
    'trailers',
    'x-mine',
    '1',
    'Upgrade',
    'h2c',
    'a',
    'b',
  ]

  expect(endToEnd(raw)).toEqual(['a', 'b'])
})

test('Connection cannot take the token or the trace away', () => {
  const raw = ['connection', 'dapr-api-token, traceparent', 'dapr-api-token', 's', 'traceparent', 't']

  expect(endToEnd(raw)).toEqual(['dapr-api-token', 's', 'traceparent', 't'])
})
