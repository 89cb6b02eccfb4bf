// The Service of the function: headless where the proxy picks the replica of each event, else one address for requests.

import type { KubeObject } from '../../shared/k8s.ts'
import { schemeOf } from '../app-protocol.ts'
import type { Fn } from '../function.ts'
import { service } from '../pod.ts'
import { scalingOf } from '../scaling.ts'

export function functionService(fn: Fn): KubeObject[] {
  // Nobody sends to a job: it asks its broker itself.
  if (scalingOf(fn).workload === 'Job') return []
  const ports = [{ name: schemeOf(fn), port: fn.port }]
  return [service(fn, { role: 'function', ports, isHeadless: fn.isAsync })]
}
