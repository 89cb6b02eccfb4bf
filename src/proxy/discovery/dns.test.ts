import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ReplicaAddress } from '../../dapr/replica.ts'
import { silentLog } from '../../shared/log.ts'
import { type Ask, startDns } from './dns.ts'

type Answers = Partial<Record<4 | 6, string[] | string>>

/** A DNS that gives one answer per second; a text is an error code. The last answer stays. */
function start(...answers: Answers[]) {
  let second = 0
  const asked: number[] = []
  const ask: Ask = async (_name, family) => {
    asked.push(family)
    const answer = answers[Math.min(second, answers.length - 1)]?.[family] ?? 'ENODATA'
    if (typeof answer === 'string') throw Object.assign(new Error(answer), { code: answer })
    return answer
  }
  const seen: string[][] = []
  const onReplicas = (replicas: readonly ReplicaAddress[]) =>
    seen.push(replicas.map(({ host, port }) => `${host}:${port}`))
  const discovery = startDns({ host: 'f.ns.svc', port: 80 }, onReplicas, silentLog, ask)
  const nextSecond = async () => {
    second += 1
    await vi.advanceTimersByTimeAsync(1000)
  }
  return { discovery, seen, nextSecond }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('gives every address of both families, and asks again each second', async () => {
  const { discovery, seen, nextSecond } = start({ 4: ['10.0.0.2', '10.0.0.1'], 6: ['fd00::1'] }, { 4: ['10.0.0.3'] })
  await discovery.ready
  await nextSecond()
  discovery.stop()

  expect(seen).toEqual([['10.0.0.1:80', '10.0.0.2:80', 'fd00::1:80'], ['10.0.0.3:80']])
})

test.each(['ENOTFOUND', 'ENODATA'])('%s means that there is no replica', async (code) => {
  const { discovery, seen, nextSecond } = start({ 4: ['10.0.0.1'] }, { 4: code, 6: code })
  await discovery.ready
  await nextSecond()
  discovery.stop()

  expect(seen.at(-1)).toEqual([])
})

test.each(['ETIMEOUT', 'ESERVFAIL', 'EREFUSED', 'ECONNREFUSED'])('%s keeps the last replicas', async (code) => {
  const { discovery, seen, nextSecond } = start({ 4: ['10.0.0.1'] }, { 4: code, 6: code })
  await discovery.ready
  await nextSecond()
  discovery.stop()

  expect(seen).toEqual([['10.0.0.1:80']])
})

test('keeps the last addresses of the one family that fails', async () => {
  const { discovery, seen, nextSecond } = start({ 4: ['10.0.0.1'], 6: ['fd00::1'] }, { 4: 'ETIMEOUT', 6: ['fd00::2'] })
  await discovery.ready
  await nextSecond()
  discovery.stop()

  expect(seen.at(-1)).toEqual(['10.0.0.1:80', 'fd00::2:80'])
})

test('is not ready before the first definite answer', async () => {
  const { discovery, nextSecond } = start({ 4: 'ETIMEOUT', 6: 'ETIMEOUT' }, { 4: 'ENOTFOUND', 6: 'ENOTFOUND' })
  let isReady = false
  discovery.ready.then(() => {
    isReady = true
  })
  await vi.advanceTimersByTimeAsync(500)
  const before = isReady
  await nextSecond()
  discovery.stop()

  expect([before, isReady]).toEqual([false, true])
})
