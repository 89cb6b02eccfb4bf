import { describe, expect, test } from 'vitest'
import type { Refusal, Route } from '../event.ts'
import { replyTo, toSidecar, verdictOf } from './answers.ts'
import type { HttpReply } from './message.ts'

const topic: Route = { kind: 'topic', name: 't' }
const binding: Route = { kind: 'binding', name: 'b' }
const reply = (status: number, body = ''): HttpReply => ({ status, headers: [], body: Buffer.from(body) })

describe('verdictOf: what daprd takes the answer of a topic for', () => {
  test.each([
    [200, '', 'success'],
    [204, '', 'success'],
    [200, 'plain text', 'success'],
    [200, 'null', 'success'],
    [200, '[1]', 'success'],
    [200, '{}', 'success'],
    [200, '{"status":7}', 'success'],
    [200, '{"status":""}', 'success'],
    [200, '{"status":"SUCCESS"}', 'success'],
    [200, '{"status":"RETRY"}', 'retry'],
    [200, '{"status":"DROP"}', 'drop'],
    [200, '{"Status":"DROP"}', 'drop'],
    [200, '{"status":"DROP","STATUS":"RETRY"}', 'retry'],
    [200, '{"status":"ok"}', 'retry'],
    [200, '{"status":"success"}', 'retry'],
    [404, '', 'drop'],
    [302, '', 'failed'],
    [500, '', 'failed'],
  ])('%d %s is %s', (status, body, verdict) => {
    expect(verdictOf(topic, reply(status, body))).toBe(verdict)
  })

  test.each([
    [200, 'success'],
    [204, 'success'],
    [404, 'failed'],
    [500, 'failed'],
  ])('%d of a binding is %s', (status, verdict) => {
    expect(verdictOf(binding, reply(status, '{"status":"DROP"}'))).toBe(verdict)
  })
})

describe('replyTo', () => {
  const refused = (refusal: Refusal) => ({ kind: 'refused', refusal }) as const

  test.each([
    [refused('no-replica'), 503],
    [refused('held-full'), 503],
    [refused('cancelled'), 503],
    [refused('deadline'), 504],
    [refused('too-large'), 413],
    [refused('no-token'), 401],
    [{ kind: 'broken', cause: 'reset' } as const, 503],
    [{ kind: 'not-run', cause: 'refused' } as const, 503],
    [{ kind: 'joined', verdict: 'success' } as const, 200],
    [{ kind: 'joined', verdict: 'drop' } as const, 200],
    [{ kind: 'joined', verdict: 'retry' } as const, 503],
    [{ kind: 'joined', verdict: 'failed' } as const, 503],
  ])('%j is %d', (outcome, status) => {
    expect(replyTo(outcome).status).toBe(status)
  })

  test.each([
    [binding, 204, 200],
    [binding, 201, 200],
    [binding, 500, 500],
    [topic, 204, 204],
    [topic, 404, 404],
  ])('%j: %d of the function is %d for daprd', (route, status, expected) => {
    expect(toSidecar(route, reply(status)).status).toBe(expected)
  })
})
