// Plays Dapr's operator: the Dapr objects of a namespace as files in the folder that a daprd reads.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { KubeObject } from '../rig/kube.ts'
import type { DataSource } from './env.ts'

export const daprKinds = [
  '/apis/dapr.io/v1alpha1/components',
  '/apis/dapr.io/v2alpha1/subscriptions',
  '/apis/dapr.io/v1alpha1/resiliencies',
  '/apis/dapr.io/v1alpha1/configurations',
] as const

/** Writes what changed and removes what is gone; daprd from 1.18 on watches the folder itself. */
export async function writeDaprResources(
  folder: string,
  objects: readonly KubeObject[],
  data: DataSource,
): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const wanted = new Map<string, string>()
  for (const object of objects) {
    if (object.kind === 'Configuration') continue
    const document = await withSecrets(plain(object), data)
    wanted.set(fileName(object), JSON.stringify(document, null, 2))
  }
  for (const file of readdirSync(folder)) {
    if (file.endsWith('.yaml') && !wanted.has(file)) rmSync(`${folder}/${file}`)
  }
  for (const [file, text] of wanted) {
    const path = `${folder}/${file}`
    if (current(path) === text) continue
    // Renamed into place: daprd must never read half a file.
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
}

export function writeConfiguration(file: string, object: KubeObject): void {
  writeFileSync(file, JSON.stringify(plain(object), null, 2))
}

function fileName(object: KubeObject): string {
  return `${String(object.kind).toLowerCase()}-${object.metadata.name}.yaml`
}

function plain(object: KubeObject) {
  const { apiVersion, kind, metadata, spec, scopes } = object
  const { name, namespace } = metadata
  return { apiVersion, kind, metadata: { name, namespace }, spec, ...(scopes === undefined ? {} : { scopes }) }
}

/** The operator resolves secretKeyRef before daprd sees the Component. */
async function withSecrets(document: ReturnType<typeof plain>, data: DataSource) {
  if (document.kind !== 'Component') return document
  const metadata: unknown[] = []
  for (const item of document.spec?.metadata ?? []) {
    const ref = item.secretKeyRef
    const value = ref === undefined ? undefined : (await data('secret', ref.name))?.[ref.key]
    metadata.push(value === undefined ? item : { name: item.name, value })
  }
  return { ...document, spec: { ...document.spec, metadata } }
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
