import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sameAppId } from './app-ids.ts'
import { describeFunction } from './function.ts'
import { compileShape } from './rules/schema.ts'

const checkShape = compileShape(
  readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8'),
)
const functionOf = (name: string, spec: unknown) => ({
  apiVersion: 'core.openfunction.io/v1beta1',
  kind: 'Function',
  metadata: { name, namespace: 'shop' },
  spec,
})
const annotations = { 'dapr.io/app-id': 'first-shop', 'openfunction.io/enable-dapr': 'true' }
const serving = { runtime: 'knative' as const, annotations }
const second = describeFunction({ ...functionOf('second', {}), spec: { image: 'i', serving } })

test('a Function of no shape at all is nobody, and no harm', () => {
  const others = [undefined, null, 5, { serving: null }, { serving: { annotations: null } }, { image: 5, serving }].map(
    (spec) => functionOf('first', spec),
  )

  expect(sameAppId(second, { Function: others }, checkShape)).toEqual([])
  expect(sameAppId(second, { Function: [functionOf('first', { image: 'i', serving })] }, checkShape)).toEqual(['first'])
  expect(sameAppId(second, {}, checkShape)).toBeUndefined()
})
