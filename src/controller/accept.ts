// Says whether an object is a Function that can be served, and if not, all that is wrong with it.

import type { Problem } from '../shared/func-context.ts'
import type { KubeObject } from '../shared/k8s.ts'
import { describeFunction, type Fn, type FunctionObject } from './function.ts'
import { readPlugins } from './plugins.ts'
import { withoutNulls } from './prune.ts'
import { checkComponents } from './rules/components.ts'
import { checkDapr } from './rules/dapr.ts'
import { checkLists } from './rules/lists.ts'
import { checkName, checkNames } from './rules/names.ts'
import { checkScaling } from './rules/scaling.ts'
import type { CheckShape } from './rules/schema.ts'
import { checkTemplate } from './rules/template.ts'
import type { Settings } from './settings.ts'

export type Verdict =
  | { readonly kind: 'accepted'; readonly fn: Fn; readonly object: FunctionObject }
  | { readonly kind: 'rejected'; readonly problems: readonly Problem[] }

export interface Yardstick {
  readonly settings: Settings
  readonly checkShape: CheckShape
}

// Rules that read a spec of the right shape.
const rules: readonly ((object: FunctionObject, settings: Settings) => readonly Problem[])[] = [
  checkNames,
  checkDapr,
  checkComponents,
  checkScaling,
  checkLists,
  (object) => readPlugins(object.metadata.annotations ?? {}).problems,
]

/** Reports every problem at once; where the shape is wrong, those of the rules that can judge it all the same. */
export function acceptFunction(object: KubeObject, { settings, checkShape }: Yardstick): Verdict {
  const candidate = object as FunctionObject
  const shape = checkShape(object)
  const template = checkTemplate(candidate.spec?.serving?.template, settings)
  const problems = [...shape, ...checkName(candidate), ...template]
  if (shape.length === 0) problems.push(...rules.flatMap((rule) => rule(candidate, settings)))
  if (problems.length > 0) return { kind: 'rejected', problems: distinct(problems) }
  const clean = withoutNulls(candidate)
  return { kind: 'accepted', fn: describeFunction(clean), object: clean }
}

/** The schema and a rule may find the same fault. */
function distinct(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [`${problem.field} ${problem.message}`, problem]))
  return [...byText.values()]
}
