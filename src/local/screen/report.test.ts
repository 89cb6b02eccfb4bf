import { describe, expect, test } from 'vitest'
import { type FunctionReport, line, summary, table } from './report.ts'

const none = { published: 0, delivered: 0, dropped: 0, failed: 0, unhandled: 0, pending: 0, lost: 0 }

const report = (changes: Partial<FunctionReport>): FunctionReport => ({
  name: 'f',
  protocol: 'http',
  counts: none,
  held: 0,
  p50Ms: undefined,
  p99Ms: undefined,
  replicas: [],
  ...changes,
})

const shop = report({
  name: 'shop',
  counts: { ...none, published: 12, delivered: 9, dropped: 1, failed: 4, unhandled: 1, pending: 1, lost: 2 },
  held: 1,
  p50Ms: 1.25,
  p99Ms: 40,
  replicas: [
    { name: 'shop-1', isUp: true, events: 6 },
    { name: 'shop-2', isUp: false, events: 4 },
  ],
})

test('table has a row for each Function and replica, in columns', () => {
  expect(table([shop])).toEqual([
    'FUNCTION  PROTOCOL  PUBLISHED  DELIVERED  FAILED  HELD  DROPPED    P50     P99',
    'shop      http             12          9       4     1        1  1.3ms  40.0ms',
    '  shop-1                               6',
    '  shop-2  gone                         4',
  ])
})

test('line says the same where nothing can be redrawn', () => {
  expect(line(shop)).toBe(
    'shop (http): published 12, delivered 9, failed attempts 4, held 1, p50 1.3ms, p99 40.0ms; shop-1 6, shop-2 4 (gone)',
  )
})

describe('summary', () => {
  test('adds up each protocol and names the shares', () => {
    const other = report({ name: 'other', counts: { ...none, published: 3, delivered: 3 } })
    const grpc = report({ name: 'idle', protocol: 'grpc' })

    const { lines, lost } = summary([shop, other, grpc])

    expect(lines[0]).toContain('http: published 15, delivered 12, dropped by the function 1, failed attempts 4, lost 2')
    expect(lines[0]).toContain('still under way 1')
    expect(lines[0]).toContain('without a handler (404, UNIMPLEMENTED) 1')
    expect(lines[1]).toContain('grpc: published 0, delivered 0')
    expect(lines[2]).toBe('  shop: shop-1 6, shop-2 4 (gone)')
    expect(lost).toBe(2)
  })
})
