// What a scenario is, and what it gets to work with.
import type { Ledger } from '../ledger/ledger.ts'
import type { KubeObject } from '../rig/kube.ts'
import type { DaprdVersion, Profile } from '../rig/profile.ts'
import type { Rig } from '../rig/rig.ts'

/** How much a scenario does: the check of every change, the whole suite, or the long campaign. */
export type Form = 'smoke' | 'all' | 'campaign'

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly forms: readonly Form[]
  /** The daprd that it runs on, if not that of the profile. */
  readonly daprd?: DaprdVersion
  /** Why it fails today, with this profile. A known failure does not make a run red; passing all the same does. */
  knownToFail?(profile: Profile): string | undefined
  run(context: Context): Promise<void>
}

export interface Context {
  readonly rig: Rig
  readonly form: Form
  /** A namespace of the scenario's own, deleted afterwards. */
  readonly namespace: string
  /** Says what comes now and what is expected; a failure is reported under the last one. */
  step(expected: string): void
  /** Opens a ledger whose last lines a failure shows. */
  ledger(name: string): Ledger
  /** Figures as a small table under the scenario's line. */
  figures(rows: readonly Readonly<Record<string, string | number>>[]): void
  applyFunction(fn: KubeObject): Promise<void>
}

/** An expectation that is not met; the text says what was expected and what was seen. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}
