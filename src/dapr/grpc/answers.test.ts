import { describe, expect, test } from 'vitest'
import type { Refusal, Route } from '../event.ts'
import { headerValue } from '../header-list.ts'
import { replyTo, statusReply, verdictOf } from './answers.ts'
import type { GrpcReply } from './message.ts'
import { timeoutMs } from './timeout.ts'
import { frame } from './wire.ts'

const topic: Route = { kind: 'topic', name: 't' }
const binding: Route = { kind: 'binding', name: 'b' }
const topicStatus = (status: number) => frame(Buffer.from([8, status]))
const codeOf = ({ trailers }: GrpcReply) => Number(headerValue(trailers, 'grpc-status'))

describe('verdictOf', () => {
  test.each([
    [0, 'success'],
    [1, 'retry'],
    [2, 'drop'],
    [9, 'retry'],
  ])('status %d of a topic is %s', (status, verdict) => {
    expect(verdictOf(topic, 0, topicStatus(status))).toBe(verdict)
  })

  test('an empty TopicEventResponse is a success', () => {
    expect(verdictOf(topic, 0, frame(Buffer.alloc(0)))).toBe('success')
  })

  test.each([
    [topic, 12, 'drop'],
    [topic, 2, 'failed'],
    [binding, 12, 'failed'],
    [binding, 0, 'success'],
  ])('%j with code %d is %s', (route, code, verdict) => {
    expect(verdictOf(route, code, Buffer.alloc(0))).toBe(verdict)
  })
})

describe('replyTo', () => {
  test.each([
    ['no-replica', 14],
    ['held-full', 14],
    ['cancelled', 14],
    ['deadline', 4],
    ['too-large', 8],
    ['no-token', 16],
  ] as [Refusal, number][])('%s is code %d', (refusal, code) => {
    expect(codeOf(replyTo({ kind: 'refused', refusal }))).toBe(code)
  })

  test.each(['broken', 'not-run'] as const)('%s is UNAVAILABLE', (kind) => {
    expect(codeOf(replyTo({ kind, cause: 'x' }))).toBe(14)
  })

  test('a text outside ASCII is percent-encoded', () => {
    expect(headerValue(statusReply(2, '5 % ü\n').trailers, 'grpc-message')).toBe('5 %25 %C3%BC%0A')
  })
})

test.each([
  ['5S', 5000],
  ['1H', 3_600_000],
  ['250m', 250],
  ['500u', 0.5],
  [undefined, undefined],
  ['5', undefined],
  ['123456789S', undefined],
])('grpc-timeout %s is %s ms', (value, ms) => {
  expect(timeoutMs(value)).toBe(ms)
})
