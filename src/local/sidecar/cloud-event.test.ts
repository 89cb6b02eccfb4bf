import { describe, expect, test } from 'vitest'
import { cloudEvent, rawEnvelope } from './cloud-event.ts'

const publication = { pubsub: 'bus', topic: 'orders', source: 'shop' }

const envelope = (data: string, contentType: string) =>
  JSON.parse(cloudEvent({ ...publication, data: Buffer.from(data), contentType }).toString())

describe('cloudEvent', () => {
  test('wraps the data and says where it is from', () => {
    expect(envelope('{"n":1}', 'application/json; charset=utf-8')).toMatchObject({
      data: { n: 1 },
      datacontenttype: 'application/json; charset=utf-8',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      pubsubname: 'bus',
      source: 'shop',
      specversion: '1.0',
      topic: 'orders',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      type: 'com.dapr.event.sent',
    })
  })

  test.each([
    ['', { data: '{"n":1}', datacontenttype: 'text/plain' }],
    ['text/plain', { data: '{"n":1}' }],
    ['application/vnd.shop+json', { data: { n: 1 } }],
    ['application/octet-stream', { data_base64: Buffer.from('{"n":1}').toString('base64') }],
  ])('content type "%s" decides how the data is carried', (contentType, expected) => {
    expect(envelope('{"n":1}', contentType)).toMatchObject(expected)
  })

  test('keeps an event that is a CloudEvent already, but for where it goes', () => {
    const own = { id: '7', type: 'order', data: [1], topic: 'elsewhere', priority: 3 }

    const result = envelope(JSON.stringify(own), 'application/cloudevents+json')

    expect(result).toMatchObject({ id: '7', type: 'order', data: [1], topic: 'orders', priority: 3, source: 'shop' })
    expect(result).not.toHaveProperty('datacontenttype')
  })

  test.each(['application/json', 'application/cloudevents+json'])('refuses data that is not %s', (contentType) => {
    expect(() => envelope('{', contentType)).toThrow('the data is not')
  })
})

test('rawEnvelope carries any bytes', () => {
  const { data_base64, datacontenttype } = JSON.parse(rawEnvelope(Buffer.from([0, 255]), 'bus', 'orders').toString())

  expect(Buffer.from(data_base64, 'base64')).toEqual(Buffer.from([0, 255]))
  expect(datacontenttype).toBe('application/octet-stream')
})
