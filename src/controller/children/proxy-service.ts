// The Service through which a function reaches Dapr's API: daprd runs beside the proxy.

import type { KubeObject } from '../../shared/k8s.ts'
import type { Fn } from '../function.ts'
import { daprGrpcPort, daprHttpPort } from '../names.ts'
import { service } from '../pod.ts'

export function proxyService(fn: Fn): KubeObject[] {
  if (fn.mode !== 'standalone') return []
  const ports = [
    { name: 'dapr-http', port: daprHttpPort },
    { name: 'dapr-grpc', port: daprGrpcPort },
  ]
  return [service(fn, { role: 'proxy', ports, isHeadless: false })]
}
