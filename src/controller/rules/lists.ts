// Lists that reach a child as they are written must survive Metacontroller's merge.

import type { Problem } from '../../shared/func-context.ts'
import type { FunctionObject } from '../function.ts'
import { type Doubled, doubledEntries } from '../merge-keys.ts'

/** Of one variable twice the last one counts in Kubernetes too; names of containers are a rule of the template. */
const judgedElsewhere: readonly unknown[] = ['env', 'containers', 'initContainers']

export function checkLists({ spec }: FunctionObject): Problem[] {
  const { template, scaleOptions, triggers, bindings, pubsub, states } = spec.serving ?? {}
  return doubledEntries({ template, scaleOptions, triggers, bindings, pubsub, states })
    .filter(({ path }) => !judgedElsewhere.includes(path.at(-2)))
    .map(({ path, key, value }) => ({
      field: `spec.serving${fieldOf(path)}`,
      message: `has ${key} ${JSON.stringify(value)} a second time: Metacontroller merges such lists by ${key} and would lose one; remove it`,
    }))
}

const fieldOf = (path: Doubled['path']): string =>
  path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
