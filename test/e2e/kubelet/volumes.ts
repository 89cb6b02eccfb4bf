// Writes a pod's volumes as folders and says how they are mounted into a container's own mount namespace.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DataSource } from './env.ts'
import type { Container, Pod } from './pod-spec.ts'

export interface VolumeSources {
  readonly data: DataSource
  readonly token: () => Promise<string>
  readonly caCertificate: string
}

export const accountFolder = '/run/secrets/kubernetes.io/serviceaccount'

/** Token, CA and namespace: the folder that the ServiceAccount admission would have mounted. */
export async function writeAccountFolder(folder: string, pod: Pod, sources: VolumeSources): Promise<void> {
  write(`${folder}/token`, await sources.token())
  write(`${folder}/ca.crt`, sources.caCertificate)
  write(`${folder}/namespace`, pod.metadata.namespace ?? 'default')
}

export async function writeVolumes(folder: string, pod: Pod, sources: VolumeSources): Promise<void> {
  for (const volume of pod.spec.volumes ?? []) {
    const target = `${folder}/${volume.name}`
    mkdirSync(target, { recursive: true })
    const parts = volume.projected?.sources ?? [volume]
    for (const part of parts) await writePart(target, part, sources)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a volume source, one of many shapes.
async function writePart(target: string, part: any, sources: VolumeSources): Promise<void> {
  if (part.emptyDir) return
  if (part.serviceAccountToken) {
    write(`${target}/${part.serviceAccountToken.path}`, await sources.token())
    return
  }
  const [kind, source] = part.secret ? (['secret', part.secret] as const) : (['configMap', part.configMap] as const)
  if (source === undefined) throw new Error('this kind of volume is not known to the kubelet stand-in')
  const name: string = source.secretName ?? source.name
  const data = name === 'kube-root-ca.crt' ? { 'ca.crt': sources.caCertificate } : await sources.data(kind, name)
  if (data === undefined) {
    if (source.optional === true) return
    throw new Error(`${kind} ${name} not found`)
  }
  const items: { key: string; path: string }[] = source.items ?? Object.keys(data).map((key) => ({ key, path: key }))
  for (const { key, path } of items) write(`${target}/${path}`, data[key] ?? '')
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

/** Lines of shell that run inside the container's mount namespace, before its command. */
export function mountScript(podFolder: string, container: Container, hasToken: boolean): string[] {
  const binds = [
    `mount --bind ${podFolder}/resolv.conf /etc/resolv.conf`,
    ...(hasToken ? [`mkdir -p ${accountFolder}`, `mount --bind ${podFolder}/serviceaccount ${accountFolder}`] : []),
  ]
  for (const mount of container.volumeMounts ?? []) {
    const source = join(podFolder, 'volumes', mount.name, mount.subPath ?? '')
    const isFile = mount.subPath !== undefined && /\.[a-z]+$/.test(mount.subPath)
    const place = isFile
      ? `mkdir -p ${dirname(mount.mountPath)}; touch ${mount.mountPath}`
      : `mkdir -p ${mount.mountPath}`
    binds.push(place, `mount --bind ${source} ${mount.mountPath}`)
  }
  return binds
}
