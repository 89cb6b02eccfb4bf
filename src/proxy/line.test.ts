import { assert, nat, option, property, array as series } from 'fast-check'
import { expect, test } from 'vitest'
import { Line } from './line.ts'

test('knows who waits and who is first, whoever leaves, and however often', () => {
  assert(
    property(series(option(nat(20)), { maxLength: 200, size: 'max' }), (steps) => {
      const line = new Line<number>()
      const model = new Set<number>()
      const leave: (() => void)[] = []
      for (const step of steps) {
        if (step === null) {
          model.add(leave.length)
          leave.push(line.join(leave.length))
        } else {
          leave[step]?.()
          model.delete(step)
        }
        expect(line.size).toBe(model.size)
        expect(line.first()).toBe([...model][0])
        expect(line.all()).toEqual([...model])
      }
    }),
  )
})
