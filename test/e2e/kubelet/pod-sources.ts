// What a pod needs of the API server: Secrets, ConfigMaps and a token of its ServiceAccount.
import type { Kube } from '../rig/kube.ts'
import type { DataSource } from './env.ts'
import type { Pod } from './pod-spec.ts'

export function dataSource(kube: Kube, namespace: string): DataSource {
  return async (kind, name) => {
    const resource = kind === 'secret' ? 'secrets' : 'configmaps'
    const object = await kube.find(`/api/v1/namespaces/${namespace}/${resource}/${name}`)
    if (object === undefined) return undefined
    const entries = Object.entries((object.data ?? {}) as Record<string, string>)
    const decode = (value: string) => (kind === 'secret' ? Buffer.from(value, 'base64').toString() : value)
    return Object.fromEntries(entries.map(([key, value]) => [key, decode(value)]))
  }
}

/** Whether the pod gets a token of its account without asking for it in a volume: its own word first, then the account's. */
export async function mountsToken(kube: Kube, pod: Pod): Promise<boolean> {
  const own = pod.spec.automountServiceAccountToken
  if (own !== undefined) return own
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/serviceaccounts/${pod.spec.serviceAccountName ?? 'default'}`
  return (await kube.get(path)).automountServiceAccountToken !== false
}

export async function requestToken(kube: Kube, pod: Pod): Promise<string> {
  const account = pod.spec.serviceAccountName ?? 'default'
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/serviceaccounts/${account}/token`
  const spec = { expirationSeconds: 24 * 3600 }
  const review = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec }
  return (await kube.create(path, review)).status.token as string
}
