// The Service of the function: headless where the proxy picks the replica of each event, else one address for requests.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Fn } from '../function.ts'
import { service } from '../pod.ts'
import { scalingOf } from '../scaling.ts'

export function functionService(fn: Fn): KubeObject[] {
  // Nobody sends to a job: it asks its broker itself.
  if (scalingOf(fn).workload === 'Job') return []
  // A sync function serves HTTP whatever its Dapr protocol is.
  const name = fn.isAsync ? fn.protocol : 'http'
  return [service(fn, { role: 'function', ports: [{ name, port: fn.port }], isHeadless: fn.isAsync })]
}
