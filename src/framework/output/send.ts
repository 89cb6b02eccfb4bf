// `ctx.send`: to one output of the Function, or to all of them.

import { type ContextComponent, isTopic } from '../../shared/func-context.ts'
import { reason } from '../../shared/log.ts'
import type { Sidecar } from './sidecar.ts'

/**
 * Sends to the named output; without a name to every output (to none if the Function has none).
 * All are tried; if any fails, or none has that name, the promise rejects, so that an event whose function awaits it is
 * delivered again. (OpenFunction's framework never rejects, and such an event is lost.)
 * Resolves to one `{ status: 'fulfilled', value }` per output, `value` being what a binding answered.
 */
export type Send = (data: unknown, output?: string) => Promise<readonly PromiseSettledResult<unknown>[]>

export function createSend(outputs: Readonly<Record<string, ContextComponent>>, sidecar: Sidecar): Send {
  return async (data, output) => {
    const names = output ? [output] : Object.keys(outputs)
    const components = names.map((name) => findOutput(outputs, name))
    const results = await Promise.allSettled(components.map((component) => sendTo(sidecar, component, data)))
    const failures = results.flatMap((result, index) =>
      result.status === 'rejected' ? [`output ${names[index]}: ${reason(result.reason)}`] : [],
    )
    if (failures.length > 0) throw new Error(failures.join('; '))
    return results
  }
}

function findOutput(outputs: Readonly<Record<string, ContextComponent>>, name: string): ContextComponent {
  const component = Object.hasOwn(outputs, name) ? outputs[name] : undefined
  if (component !== undefined) return component
  const names = Object.keys(outputs)
  const remedy = names.length === 0 ? 'the Function has none' : `the Function has ${names.join(', ')}`
  throw new Error(`no output is named "${name}"; ${remedy}`)
}

function sendTo(sidecar: Sidecar, output: ContextComponent, data: unknown): Promise<unknown> {
  const { componentName, metadata = {} } = output
  if (isTopic(output)) return sidecar.publish({ pubsub: componentName, topic: output.uri ?? '', data, metadata })
  return sidecar.invokeBinding({ name: componentName, operation: output.operation ?? 'create', data, metadata })
}
