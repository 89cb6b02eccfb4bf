import { expect, test } from 'vitest'
import { readHooks, readPlugins } from './plugins.ts'

test('what a text means is the same however many others were read meanwhile', () => {
  const annotations = { plugins: 'order: [a, b]', 'plugins.tracing': '{enabled: true, provider: {name: t}}' }
  const read = () => [readPlugins(annotations), readHooks(annotations)]
  const first = JSON.stringify(read())

  for (let i = 0; i < 2500; i += 1) {
    expect(readPlugins({ plugins: `order: [p${i}]` }).plugins.prePlugins).toEqual([`p${i}`])
  }

  expect(JSON.stringify(read())).toBe(first)
  expect(readPlugins(annotations).plugins).toEqual({
    prePlugins: ['a', 'b', 't'],
    postPlugins: ['t', 'b', 'a'],
    pluginsTracing: { enabled: true, provider: { name: 't' } },
  })
})

test('text that is no YAML is refused each time, however long', () => {
  for (const text of ['{', `${' '.repeat(3000)}{`, '{']) {
    expect(readPlugins({ plugins: text }).problems).toHaveLength(1)
  }
})
