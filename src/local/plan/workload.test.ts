import { expect, test } from 'vitest'
import { environmentOf } from './workload.ts'

test('environmentOf gives what a pod would see, and looks up in the shell what is not here', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'EMPTY' },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'tokens', key: 'api' } } },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'passwords', key: 'db' } } },
  ]
  const missing: string[] = []

  const found = environmentOf(
    { name: 'function', env },
    { name: 'f-1', namespace: 'shop' },
    { TOKEN: 't' },
    (message) => missing.push(message),
  )

  expect(found).toEqual({ A: '1', EMPTY: '', POD_NAME: 'f-1', POD_NAMESPACE: 'shop', TOKEN: 't' })
  expect(missing).toEqual(['PASSWORD comes from the Secret passwords, which is not here; set PASSWORD in your shell'])
})
