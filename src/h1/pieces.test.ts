import { expect, test } from 'vitest'
import { Pieces } from './pieces.ts'

const texts = (buffers: readonly Buffer[]) => buffers.map(String)

test.each([[[]], [['a']], [['a', 'bc']], [['a', 'bc', 'd']]])(
  'what arrived as %j is whole, and can be taken once',
  (arrived) => {
    const pieces = new Pieces()
    for (const text of arrived as string[]) pieces.add(Buffer.from(text))

    expect(pieces.size).toBe(arrived.join('').length)
    expect(pieces.whole().toString()).toBe(arrived.join(''))
    expect(texts(pieces.take())).toEqual(arrived)
    expect(pieces.size).toBe(0)
    expect(pieces.take()).toEqual([])
    expect(pieces.whole()).toHaveLength(0)
  },
)
