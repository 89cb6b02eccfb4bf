// A template in the words in which the API server stores it: another word for the same makes Metacontroller write on every sync.

import { setField } from './fields.ts'
import type { PodTemplate } from './function.ts'
import { canonicalQuantity } from './quantity.ts'

type Fields = Record<string, unknown>
type Rule = (value: unknown) => unknown

// Numbers that mean the same as no number, for Kubernetes leaves them out or puts its default in their place.
const zeroes: ReadonlySet<string> = new Set([
  'failureThreshold',
  'initialDelaySeconds',
  'periodSeconds',
  'successThreshold',
  'timeoutSeconds',
])

const quantities: Rule = (value) => mapFields(value, (_, quantity) => canonicalQuantity(quantity))

// Sources of a projected volume have no key that they share, so a list of them is compared whole, with every default.
const spelledOut: Readonly<Record<string, Rule>> = {
  serviceAccountToken: (value) => ({ expirationSeconds: 3600, ...(value as Fields) }),
  fieldRef: (value) => ({ apiVersion: 'v1', ...(value as Fields) }),
  resourceFieldRef: (value) => ({ divisor: '0', ...(value as Fields) }),
}

/** Takes a template that `checkTemplate` found nothing wrong with. */
export function canonicalTemplate(template: PodTemplate): PodTemplate {
  return mapFields(template, (key, value) =>
    key === 'containers' || key === 'initContainers' ? canonical(value) : key === 'volumes' ? volumes(value) : value,
  ) as PodTemplate
}

/** Containers, down to their probes and mounts. */
function canonical(value: unknown): unknown {
  return mapFields(value, (key, inner) => {
    if (inner === false && key === 'readOnly') return undefined
    if (inner === 0 && zeroes.has(key)) return undefined
    if (key === 'limits' || key === 'requests') return quantities(inner)
    return key === 'env' ? lastOfName(inner) : canonical(inner)
  })
}

/** Of two variables of one name Kubernetes takes the later one; Metacontroller would write it in both places. */
function lastOfName(variables: unknown): unknown {
  if (!Array.isArray(variables)) return variables
  const byName = new Map<unknown, unknown>()
  for (const variable of variables) {
    byName.delete(variable.name)
    byName.set(variable.name, variable)
  }
  return [...byName.values()]
}

function volumes(value: unknown): unknown {
  return mapFields(value, (key, inner) => {
    if (key === 'readOnly' && inner === false) return undefined
    if (key === 'sizeLimit') return canonicalQuantity(inner)
    return key === 'projected' ? projected(inner) : volumes(inner)
  })
}

function projected(value: unknown): unknown {
  return mapFields(value, (key, inner) => {
    const whole = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    return projected(whole && Object.hasOwn(spelledOut, key) ? spelledOut[key]?.(inner) : inner)
  })
}

/** The same with each field changed; of a list, with each field of its elements. */
function mapFields(value: unknown, change: (key: string, field: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapFields(item, change))
  if (typeof value !== 'object' || value === null) return value
  const changed: Fields = {}
  for (const key of Object.keys(value)) {
    const field = change(key, (value as Fields)[key])
    if (field !== undefined) setField(changed, key, field)
  }
  return changed
}
