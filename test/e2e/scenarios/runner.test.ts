// Which outcomes make a run red, and how the closing line reads.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { conclude, figuresPage, type Outcome } from './runner.ts'
import { markdownTable, textTable } from './table.ts'

const lines: string[] = []

beforeEach(() => {
  lines.length = 0
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('conclude', () => {
  test('is content when everything passes', () => {
    expect(conclude([outcome({}), outcome({})])).toBe(true)
    expect(lines.at(-1)).toBe('2 passed, 0 failed')
  })

  test('is not when something fails', () => {
    expect(conclude([outcome({}), outcome({ failure: 'why' })])).toBe(false)
    expect(lines.at(-1)).toBe('1 passed, 1 failed')
  })

  test('lists a known failure before the closing line and stays green', () => {
    expect(conclude([outcome({ failure: 'why', knownReason: 'not mended yet' })])).toBe(true)
    expect(lines).toEqual(['known to fail: one (not mended yet)', '0 passed, 1 failed'])
  })

  test('is red when a known failure passes', () => {
    expect(conclude([outcome({ knownReason: 'not mended yet' })])).toBe(false)
    expect(lines[0]).toContain('remove the mark')
  })
})

describe('page of figures', () => {
  const figures = (events: number) => [[{ events }]]
  const named = (name: string, events: number) => {
    const one = outcome({ figures: figures(events) })
    return { ...one, scenario: { ...one.scenario, name } }
  }

  test('keeps the sections of scenarios that did not run', () => {
    const first = figuresPage([named('one', 1), named('two', 2)])

    const second = figuresPage([named('two', 3)], first)

    expect(second).toBe(figuresPage([named('one', 1), named('two', 3)]))
    expect(second).toContain('## two: a scenario\n\n| events |\n| --- |\n| 3 |\n')
  })

  test('leaves out a scenario without figures', () => {
    expect(figuresPage([outcome({})])).toBe('# Figures of the last campaign\n')
  })
})

describe('tables', () => {
  const rows = [{ protocol: 'grpc', events: 5000 }, { protocol: 'http' }]

  test('line up their columns', () => {
    expect(textTable(rows)).toBe('  protocol  events\n  grpc      5000\n  http')
  })

  test('are Markdown for the committed page', () => {
    expect(markdownTable(rows)).toBe('| protocol | events |\n| --- | --- |\n| grpc | 5000 |\n| http |  |')
  })
})

function outcome(part: Partial<Outcome>): Outcome {
  const scenario = { name: 'one', title: 'a scenario', forms: [], run: async () => undefined }
  return { scenario, seconds: 1, figures: [], ...part }
}
