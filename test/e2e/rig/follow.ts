// List, then watch, for ever: the state of a resource as a stream that heals after every break.
import { appendFileSync } from 'node:fs'
import type { KubeObject, WatchEvent } from './kube.ts'
import { paths } from './paths.ts'
import { pause } from './wait.ts'

export type On = (event: WatchEvent) => void
export type List = (path: string) => Promise<{ items: KubeObject[]; resourceVersion: string }>
/** Ends when the server ends it; throws when the connection breaks. */
export type Watch = (path: string, from: string, on: On, stop: AbortSignal) => Promise<void>

interface Source {
  readonly list: List
  readonly watch: Watch
}

export async function follow({ list, watch }: Source, path: string, on: On, stop: AbortSignal): Promise<void> {
  const known = new Map<string, KubeObject>()
  const tell: On = (event) => {
    if (event.type === 'DELETED') known.delete(keyOf(event.object))
    else known.set(keyOf(event.object), event.object)
    on(event)
  }
  while (!stop.aborted) {
    try {
      const { items, resourceVersion } = await list(path)
      const listed = new Set(items.map(keyOf))
      const vanished = [...known].filter(([key]) => !listed.has(key))
      for (const [, object] of vanished) tell({ type: 'DELETED', object })
      for (const object of items) tell({ type: 'MODIFIED', object })
      await watch(path, resourceVersion, tell, stop)
    } catch (error) {
      // The API server is away: some scenarios do that on purpose.
      if (!stop.aborted) note(`${path}: ${(error as Error).message}`)
    }
    if (!stop.aborted) await pause(200)
  }
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`
}

function note(text: string): void {
  appendFileSync(`${paths.logs}/watches.log`, `${new Date().toISOString()} ${text}\n`)
}
