// The CA that certificates of a function have to come from: in a ConfigMap, mounted into the proxy alone.

import { isOverTls } from '../shared/app-protocol.ts'
import { annotation } from './annotations.ts'
import type { EnvVar, Fn } from './function.ts'

/** The name of the ConfigMap; undefined where the proxy takes any certificate, or none is asked for. */
export function replicaCaOf({ mode, protocol, serving }: Fn): string | undefined {
  return mode === 'standalone' && isOverTls(protocol) ? serving.annotations?.[annotation.replicaCa] : undefined
}

const volume = 'replica-ca'
const folder = '/etc/replica-ca'
const file = 'ca.crt'

/** What of it stands in the pod, in the container and in its environment. */
export interface MountedCa {
  readonly pod: object
  readonly container: object
  readonly env: readonly EnvVar[]
}

export function mountedCa(fn: Fn): MountedCa {
  const name = replicaCaOf(fn)
  if (name === undefined) return { pod: {}, container: {}, env: [] }
  return {
    pod: { volumes: [{ name: volume, configMap: { name, items: [{ key: file, path: file }] } }] },
    container: { volumeMounts: [{ name: volume, mountPath: folder, readOnly: true }] },
    env: [{ name: 'PROXY_REPLICA_CA', value: `${folder}/${file}` }],
  }
}
