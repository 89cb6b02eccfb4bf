import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ConfigurationError } from '../shared/env.ts'
import { LoadError, loadFunction } from './load-function.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../../test/fixtures/functions/${name}`, import.meta.url))

test.each([
  ['a named export of a CommonJS module', 'whole.cjs', 'function', 'whole'],
  ['the own name of a function that is the whole module', 'whole.cjs', 'greet', 'whole'],
  ['a named export of an ES module', 'esm.mjs', 'handler', 'named'],
  ['the default export', 'esm.mjs', 'function', 'default'],
  ['the default export by that name', 'esm.mjs', 'default', 'default'],
  ['a dotted target', 'esm.mjs', 'api.v1.run', 'dotted'],
  ['a folder with package.json', 'packaged', 'function', 'packaged'],
  ['a folder of an ES module with function.js', 'esm-package', 'function', 'esm package'],
])('finds %s', async (_what, source, target, answer) => {
  const found = await loadFunction(fixture(source), target)

  expect(await found()).toBe(answer)
})

test.each([['missing'], ['notAFunction'], ['api'], ['toString'], ['handler.call']])(
  'lists what there is when %s is no export that can be called',
  async (target) => {
    const loading = loadFunction(fixture('esm.mjs'), target)

    await expect(loading).rejects.toThrow(ConfigurationError)
    await expect(loading).rejects.toThrow('it exports api, default, handler, notAFunction')
  },
)

test('lists the exports of a CommonJS module without what Node adds', async () => {
  await expect(loadFunction(fixture('events.cjs'), 'nope')).rejects.toThrow(/it exports handler$/m)
})

test('a source that is not there is a wrong configuration', async () => {
  await expect(loadFunction(fixture('nowhere.js'), 'f')).rejects.toThrow(/FUNCTION_SOURCE is .*nowhere.js/)
})

test('code that fails is told with its place', async () => {
  const loading = loadFunction(fixture('broken.cjs'), 'f')

  await expect(loading).rejects.toThrow(LoadError)
  await expect(loading).rejects.toThrow(/cannot even start[\s\S]*broken.cjs:3/)
})
