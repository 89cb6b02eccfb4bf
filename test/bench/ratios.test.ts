import { expect, test } from 'vitest'
import { worseThan } from './baseline.ts'
import { type Cell, cellName, cellsOf } from './cells.ts'
import type { Sample } from './load.ts'
import { cpuRatios } from './ratios.ts'

const sample = (cpuMicrosPerEvent: number): Sample => ({
  cpuMicrosPerEvent,
  waitShare: 0,
  eventsPerSecond: 1,
  p50: 1,
  p99: 1,
})

const cell: Cell = { protocol: 'http', bytes: 1024, concurrency: 32, replicas: 3 }

const measured = (ours: readonly number[], theirs: readonly number[]) => ({
  protocol: 'http' as const,
  cells: [{ cell, samples: { proxy: ours.map(sample), nginx: theirs.map(sample) } }],
  loadedMiB: {},
  mostMiB: {},
})

test('a ratio compares what ran in the same round, so that a slow machine changes nothing', () => {
  const [ratio] = cpuRatios(measured([20, 60, 200], [10, 20, 100]))

  expect(ratio).toMatchObject({
    name: 'CPU ÷ nginx: http 1 KiB × 32, 3 replicas',
    value: { median: 2, spread: [2, 3] },
  })
})

test('only what is worse by more than a quarter, and was known before, counts as worse', () => {
  const ratios = cpuRatios(measured([26], [10]))
  const name = ratios[0]?.name as string

  expect(worseThan({ [name]: 2 }, ratios)).toHaveLength(1)
  expect(worseThan({ [name]: 2.1 }, ratios)).toHaveLength(0)
  expect(worseThan({}, ratios)).toHaveLength(0)
})

test('no two loads have the same name', () => {
  const names = [...cellsOf('http', false), ...cellsOf('grpc', false)].map(cellName)

  expect(new Set(names).size).toBe(names.length)
})
