import { describe, expect, test } from 'vitest'
import { createDisplay, logLine } from './display.ts'

function screen(terminal: { isTTY?: boolean; columns?: number }) {
  let written = ''
  const output = {
    ...terminal,
    write: (text: string) => {
      written += text
    },
  }
  const take = () => {
    const text = written.replaceAll('\u001b[', '^')
    written = ''
    return text
  }
  return { display: createDisplay(output), take }
}

describe('createDisplay', () => {
  test('on a terminal the table stays below the lines, cut at its width', () => {
    const { display, take } = screen({ isTTY: true, columns: 5 })

    display.draw(['a table', 'of two'])
    expect(take()).toBe('a ta\nof t\n')
    display.print('a line')
    expect(take()).toBe('^2A^Ja line\na ta\nof t\n')
    display.clear()
    expect(take()).toBe('^2A^J')
  })

  test('without a terminal there are lines alone', () => {
    const { display, take } = screen({})

    display.draw(['a table'])
    display.print('a line')
    display.clear()

    expect(take()).toBe('a line\n')
  })
})

test.each([
  ['said by the function', 'f-1 | said by the function'],
  ['{"time":"t","level":"info","message":"listening","port":8080}', 'f-1 | listening port=8080'],
  ['{"time":"t","level":"warn","message":"slow"}', 'f-1 | warn: slow'],
  ['{"time":"broken', 'f-1 | {"time":"broken'],
])('logLine shows %s as %s', (line, expected) => {
  expect(logLine('f-1', line)).toBe(expected)
})
