// A container's environment exactly as its spec says: values, references, and $(NAME) expansion.
import type { Container, EnvVar, KeyRef, Pod } from './pod-spec.ts'

/** Gives the decoded data of a Secret or a ConfigMap, or undefined if there is none. */
export type DataSource = (
  kind: 'secret' | 'configMap',
  name: string,
) => Promise<Readonly<Record<string, string>> | undefined>

export interface EnvContext {
  readonly pod: Pod
  readonly podIp: string
  readonly hostIp: string
  readonly data: DataSource
}

export async function resolveEnv(container: Container, context: EnvContext): Promise<Record<string, string>> {
  const env: Record<string, string> = {}
  for (const source of container.envFrom ?? []) {
    const [kind, ref] = source.secretRef
      ? (['secret', source.secretRef] as const)
      : (['configMap', source.configMapRef] as const)
    if (ref !== undefined) Object.assign(env, await context.data(kind, ref.name))
  }
  for (const entry of container.env ?? []) {
    const value = await valueFor(entry, context)
    if (value !== undefined) env[entry.name] = expand(value, env)
  }
  return env
}

async function valueFor(entry: EnvVar, context: EnvContext): Promise<string | undefined> {
  const from = entry.valueFrom
  if (from === undefined) return entry.value ?? ''
  if (from.fieldRef) return field(from.fieldRef.fieldPath, context)
  if (from.secretKeyRef) return key('secret', from.secretKeyRef, context)
  if (from.configMapKeyRef) return key('configMap', from.configMapKeyRef, context)
  throw new Error(`env ${entry.name}: this source is not known to the kubelet stand-in`)
}

async function key(kind: 'secret' | 'configMap', ref: KeyRef, context: EnvContext) {
  const value = (await context.data(kind, ref.name))?.[ref.key]
  if (value === undefined && ref.optional !== true) {
    throw new Error(`${kind} ${ref.name} with key ${ref.key} not found`)
  }
  return value
}

function field(path: string, { pod, podIp, hostIp }: EnvContext): string {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  if (entry !== null) {
    const map = entry[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations
    return map?.[entry[2] ?? ''] ?? ''
  }
  const fields: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': podIp,
    'status.podIPs': podIp,
    'status.hostIP': hostIp,
  }
  const value = fields[path]
  if (value === undefined) throw new Error(`fieldRef ${path} is not known to the kubelet stand-in`)
  return value
}

/** `$(NAME)` of an earlier variable is replaced, `$$(NAME)` stays as `$(NAME)`, an unknown one stays as it is. */
export function expand(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    return env[name] ?? whole
  })
}
