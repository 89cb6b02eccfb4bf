import { expect, test } from 'vitest'
import { frame } from '../../test/h2/pair.ts'
import { FrameReader } from './frame-reader.ts'
import { frameType, maxFrameSize } from './protocol.ts'

/** Frames of so many bytes that are handled in each turn, until all are read. */
function turns(count: number, payloadBytes: number, most: number): number[] {
  const reader = new FrameReader({ expectsPreface: false })
  const one = frame(frameType.data, 0, 1, Buffer.alloc(payloadBytes))
  let rest: Buffer = Buffer.concat(Array.from({ length: count }, () => one))
  const perTurn: number[] = []
  while (rest.length > 0) {
    let frames = 0
    const onFrame = () => {
      frames += 1
    }
    rest = rest.subarray(reader.read(rest, onFrame, most))
    perTurn.push(frames)
  }
  return perTurn
}

test('small frames are counted', () => {
  expect(turns(40, 100, 16)).toEqual([16, 16, 8])
})

test('large ones count for several, and at least one is handled', () => {
  expect(turns(3, maxFrameSize, 16)).toEqual([1, 1, 1])
})

test('who may have 128 has all that one read brings', () => {
  expect(turns(4, maxFrameSize - 9, 128)).toEqual([4])
})
