import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { authority } from '../../../dapr/replica.ts'
import type { SlicePort } from '../settings.ts'
import { replicasOf } from './replicas-of.ts'
import { readSlice, type Slice } from './slice.ts'

type Conditions = { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null }
const ready = { ready: true, serving: true, terminating: false }
const leaving = { ready: false, serving: true, terminating: true }
const dead = { ready: false, serving: false, terminating: true }

function pod(address: string, conditions: Conditions = ready, uid?: string) {
  return { addresses: [address], conditions, ...(uid ? { targetRef: { kind: 'Pod', name: uid, uid } } : {}) }
}

let names = 0
function slice(endpoints: unknown, more: object = {}, wanted: SlicePort = { likely: 8080 }): Slice {
  names += 1
  const metadata = { name: `f-${names}`, resourceVersion: String(names) }
  const ports = [{ name: 'http', port: 8080, protocol: 'TCP' }]
  return readSlice({ metadata, addressType: 'IPv4', endpoints, ports, ...more }, wanted) as Slice
}
const addresses = (slices: Slice[], family: 4 | 6 = 4) => replicasOf(slices, family).map(authority)

describe('which pods', () => {
  test('all that are ready, over all slices, each once', () => {
    const slices = [slice([pod('10.0.0.2'), pod('10.0.0.1')]), slice([pod('10.0.0.1'), pod('10.0.0.3')])]

    expect(addresses(slices)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080'])
  })

  test.each<[string, Conditions | undefined, boolean]>([
    ['nothing said', {}, true],
    ['no conditions', undefined, true],
    ['null', { ready: null, serving: null, terminating: null }, true],
    ['ready', ready, true],
    ['not ready', { ready: false, serving: false }, false],
    // publishNotReadyAddresses: the Service wants it.
    ['terminating, yet ready', { ready: true, terminating: true }, true],
    ['leaving', leaving, true],
    ['leaving without a word on serving', { ready: false, terminating: true }, false],
    ['gone', dead, false],
  ])('alone: %s', (_name, conditions, isUsed) => {
    expect(addresses([slice([{ addresses: ['10.0.0.1'], conditions }])])).toEqual(isUsed ? ['10.0.0.1:8080'] : [])
  })

  test('one that leaves and still serves is used only when no other is ready', () => {
    const old = slice([pod('10.0.0.1', leaving), pod('10.0.0.2', dead)])

    expect(addresses([old, slice([pod('10.0.0.3', { ready: false })])])).toEqual(['10.0.0.1:8080'])
    expect(addresses([old, slice([pod('10.0.0.3')])])).toEqual(['10.0.0.3:8080'])
  })

  test('one that stands in two slices counts by the better word', () => {
    const slices = [slice([pod('10.0.0.1', { ready: false }, 'a')]), slice([pod('10.0.0.1', ready, 'a')])]

    expect([addresses(slices), addresses(slices.toReversed())]).toEqual([['10.0.0.1:8080'], ['10.0.0.1:8080']])
  })
})

describe('both families', () => {
  const four = slice([pod('10.0.0.1', ready, 'a'), pod('10.0.0.2', ready, 'b')])
  const six = slice([pod('fd00::1', ready, 'a'), pod('fd00::3', ready, 'c')], { addressType: 'IPv6' })

  test('a pod with two addresses is one replica, at the family of the cluster', () => {
    expect(addresses([four, six], 4)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080', '[fd00::3]:8080'])
    expect(addresses([six, four], 6)).toEqual(['10.0.0.2:8080', '[fd00::1]:8080', '[fd00::3]:8080'])
  })

  test('its state is that of the family, so its address does not change while one slice is behind the other', () => {
    const behind = slice([pod('10.0.0.1', leaving, 'a')])

    expect(addresses([behind, six], 4)).toEqual(['[fd00::3]:8080'])
  })

  test('a name is no address', () => {
    expect(addresses([slice([pod('f.example')], { addressType: 'FQDN' }), slice([pod('f.example')])])).toEqual([])
  })
})

describe('which port', () => {
  const port = (ports: unknown, wanted: SlicePort) =>
    addresses([slice([pod('10.0.0.1')], { ports }, wanted)])[0]?.split(':')[1]
  const two = [
    { name: 'http', port: 8080 },
    { name: 'grpc', port: 9000, protocol: 'TCP' },
  ]

  test.each<[unknown, SlicePort, string | undefined]>([
    [two, { likely: 9000 }, '9000'],
    [[{ port: 7000 }], { likely: 9000 }, '7000'],
    [two, { likely: 1 }, undefined],
    [
      [
        { port: 53, protocol: 'UDP' },
        { port: 7000, protocol: 'TCP' },
      ],
      { likely: 53 },
      '7000',
    ],
    [[], { likely: 9000 }, '9000'],
    [null, { likely: 9000 }, '9000'],
    [[{ port: null }], { likely: 9000 }, undefined],
    [two, { name: 'grpc' }, '9000'],
    [two, { name: 'other' }, undefined],
    [two, { number: 1 }, '1'],
  ])('of %j for %j: %s', (ports, wanted, expected) => {
    expect(port(ports, wanted)).toBe(expected)
  })

  test('each slice has its own port for a name', () => {
    const named = (number: number, host: string) =>
      slice([pod(host)], { ports: [{ name: 'http', port: number }] }, { name: 'http' })

    expect(addresses([named(1, '10.0.0.1'), named(2, '10.0.0.2')])).toEqual(['10.0.0.1:1', '10.0.0.2:2'])
  })
})

describe('whatever comes', () => {
  test.each(['valueOf', '__proto__', { toString: 1 }, null])('addresses of the type %j are none', (addressType) => {
    const slice = {
      metadata: { name: 'a' },
      addressType,
      endpoints: [{ addresses: ['10.0.0.1'] }],
      ports: [{ port: 8080 }],
    }
    expect(readSlice(slice, { likely: 8080 })?.endpoints).toEqual([])
  })

  test('no JSON makes it throw, and what it gives are addresses', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('IPv4', 'IPv6', null, 0, [], {}, [null], [{}]))
    const endpoint = fc.record({ addresses: field, conditions: field, targetRef: field }, { requiredKeys: [] })
    const object = fc.record(
      {
        metadata: fc.oneof(field, fc.record({ name: fc.string(), resourceVersion: field })),
        addressType: field,
        endpoints: fc.oneof(field, fc.array(fc.oneof(endpoint, field))),
        ports: fc.oneof(field, fc.array(field)),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(object, fc.jsonValue()), (value) => {
        const read = readSlice(value, { likely: 8080 })
        for (const { host, port } of read ? replicasOf([read], 4) : []) {
          expect(host).toMatch(/^[0-9a-fA-F:.]+$/)
          expect(port).toBeGreaterThan(0)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('the order of slices and of endpoints does not matter, and each pod counts once', () => {
    const endpoint = fc
      .tuple(fc.nat(5), fc.constantFrom(ready, leaving, dead, { ready: false }))
      .map(([n, conditions]) => pod(`10.0.0.${n}`, conditions, `pod-${n}`))
    fc.assert(
      fc.property(fc.array(fc.array(endpoint, { maxLength: 6 }), { maxLength: 5 }), (lists) => {
        const given = addresses(lists.map((list) => slice(list)))

        expect(addresses(lists.toReversed().map((list) => slice(list.toReversed())))).toEqual(given)
        expect(new Set(given).size).toBe(given.length)
      }),
    )
  })
})
