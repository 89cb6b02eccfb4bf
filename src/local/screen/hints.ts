// What to try while a run goes on: commands to copy.

import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalFunction } from '../plan/plan.ts'
import { familyOf } from '../sidecar/broker/component.ts'

export interface Reached {
  readonly fn: LocalFunction
  /** Port of its sidecar's HTTP API, if it has a sidecar. */
  readonly apiPort: number | undefined
  /** Ports of its replicas. */
  readonly replicaPorts: readonly number[]
}

/** `curl` commands: an event by hand, the sync functions, the sync hook. Paths are relative to `cwd`. */
export function hints(functions: readonly Reached[], controllerPort: number, cwd: string): string[] {
  const request = fileURLToPath(new URL('../../../manifests/samples/sync-request.json', import.meta.url))
  return [
    ...functions.flatMap(publishHint),
    ...functions.flatMap(callHint),
    'see the children of a Function:',
    `  curl -s http://127.0.0.1:${controllerPort}/sync ${json} -d @${relative(cwd, request)}`,
  ]
}

const json = "-H 'content-type: application/json'"

function publishHint({ fn, apiPort }: Reached): string[] {
  const topic = Object.values(fn.context.inputs ?? {}).find(
    (input) => familyOf({ type: input.componentType }) === 'pubsub',
  )
  if (topic === undefined || apiPort === undefined) return []
  const url = `http://127.0.0.1:${apiPort}/v1.0/publish/${topic.componentName}/${topic.uri}`
  return [`publish an event to ${fn.name} by hand:`, `  curl -s ${url} ${json} -d '{"by":"hand"}'`]
}

function callHint({ fn, apiPort, replicaPorts: [port] }: Reached): string[] {
  if (fn.context.runtime !== 'Knative' || port === undefined) return []
  const isOverTls = fn.container.env.some(({ name, value }) => name === 'APP_PROTOCOL' && value?.endsWith('s'))
  // Nobody verifies a certificate here, as no sidecar does.
  const url = isOverTls ? `-k https://127.0.0.1:${port}/` : `http://127.0.0.1:${port}/`
  const direct = `  curl -s ${url} ${json} -d '{"by":"hand"}'`
  const lines = [`call ${fn.name}:`, direct]
  if (apiPort === undefined || fn.sidecar?.protocol !== 'http') return lines
  const through = `http://127.0.0.1:${apiPort}/v1.0/invoke/${fn.sidecar.appId}/method/`
  return [...lines, `call ${fn.name} through its sidecar:`, `  curl -s ${through} ${json} -d '{"by":"hand"}'`]
}
