import { expect, test } from 'vitest'
import type { KubeObject } from '../shared/k8s.ts'
import { availability, rolloutFault } from './availability.ts'

const workload = (kind: string, status: object, rest: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'orders', generation: 2 },
  status: { observedGeneration: 2, ...status },
  ...rest,
})
const deployment = (status: object, rest?: object) => workload('Deployment', status, rest)
const failed = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }

test.each<[string, KubeObject | undefined, string | undefined]>([
  ['is not there', undefined, 'RollingOut'],
  ['has pods of the present version alone', deployment({ replicas: 2, updatedReplicas: 2 }), undefined],
  ['has one of an older version', deployment({ replicas: 3, updatedReplicas: 2 }), 'RollingOut'],
  // The API server leaves out a zero.
  ['has only older ones', deployment({ replicas: 1 }), 'RollingOut'],
  ['has none at all', deployment({}), undefined],
  ['was not looked at', deployment({ observedGeneration: 1, replicas: 2, updatedReplicas: 2 }), 'RollingOut'],
  ['is stuck', deployment({ replicas: 2, updatedReplicas: 1, conditions: [failed] }), 'ProgressDeadlineExceeded'],
  ['waits', deployment({ replicas: 1, updatedReplicas: 1 }, { spec: { paused: true } }), 'RollingOut'],
  ['is a StatefulSet on its way', workload('StatefulSet', { replicas: 2, updatedReplicas: 1 }), 'RollingOut'],
  ['is a StatefulSet at its end', workload('StatefulSet', { replicas: 2, updatedReplicas: 2 }), undefined],
  ['starts each pod anew', workload('ScaledJob', {}), undefined],
])('a workload that %s', (_, observed, reason) => {
  expect(rolloutFault('Deployment orders', observed, true)?.reason).toBe(reason)
})

test('a workload that still has another template is not rolled out, whatever it says of itself', () => {
  const observed = deployment({ replicas: 2, updatedReplicas: 2 })

  expect(rolloutFault('Deployment orders', observed, false)?.message).toBe(
    'Deployment orders: the present version is not written yet',
  )
})

const available = { type: 'Available', status: 'True' }

test.each([
  ['FunctionAvailable', { replicas: 2, readyReplicas: 1, conditions: [available] }, 'True', 'Available'],
  ['FunctionAvailable', { conditions: [available] }, 'True', 'ScaledToZero'],
  ['ProxyAvailable', { conditions: [available] }, 'False', 'Starting'],
  ['ProxyAvailable', { replicas: 1, conditions: [{ ...available, status: 'False' }] }, 'False', 'Starting'],
  ['ProxyAvailable', { replicas: 1, conditions: [available, failed] }, 'True', 'Available'],
])('%s of a Deployment that says %j', (type, status, expected, reason) => {
  expect(availability(type, 'Deployment orders', deployment(status))).toMatchObject({ status: expected, reason })
})
