// Frames: the same come out however the bytes are cut.

import { FrameReader } from '../../src/h2/frame-reader.ts'
import { ConnectionError } from '../../src/h2/protocol.ts'
import { frame } from '../h2/pair.ts'
import type { Choices } from './choices.ts'
import type { Target } from './loop.ts'

function readAll(pieces: readonly Buffer[]): string {
  let told = ''
  const reader = new FrameReader({ expectsPreface: false })
  try {
    for (const piece of pieces) {
      reader.read(piece, ({ type, flags, streamId, bytes, start, end }) => {
        told += `${type} ${flags} ${streamId} ${bytes.toString('latin1', start, end)}\n`
      })
    }
    return told
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error
    return `${told}${error.message}`
  }
}

export const http2Frames: Target = {
  name: 'frames',
  part: 'http2',
  run(choices: Choices) {
    const sizes = [1 + choices.below(40), 1 + choices.below(12)]
    const frames: Buffer[] = []
    while (!choices.isOver && frames.length < 12) {
      if (choices.oneIn(10)) frames.push(choices.bytes(20))
      else {
        const size = choices.oneIn(12) ? 16_380 + choices.below(8) : choices.below(30)
        frames.push(frame(choices.below(12), choices.byte(), choices.below(60_000), Buffer.alloc(size, choices.byte())))
      }
    }
    const all = Buffer.concat(frames)
    const pieces: Buffer[] = []
    // Small pieces of what is large would take for ever.
    const least = all.length >> 8
    for (let at = 0, i = 0; at < all.length; i += 1) {
      const size = (sizes[i % 2] as number) + least
      // What has been read may be written over.
      pieces.push(Buffer.from(all.subarray(at, at + size)))
      at += size
    }
    const [whole, cut] = [readAll([all]), readAll(pieces)]
    if (whole !== cut) throw new Error(`in pieces:\n${cut}\ninstead of:\n${whole}`)
  },
}
