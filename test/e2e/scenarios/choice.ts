// From the words of the command line to the scenarios of a run.
import { scenarios } from './all.ts'
import type { Form, Scenario } from './scenario.ts'

const sets: readonly Form[] = ['smoke', 'all', 'campaign']

export interface Choice {
  readonly isShell: boolean
  readonly form: Form
  readonly scenarios: readonly Scenario[]
}

export function select(words: readonly string[]): Choice {
  if (words.includes('shell')) return { isShell: true, form: 'all', scenarios: [] }
  const form = sets.find((set) => words.includes(set)) ?? 'all'
  const names = words.filter((word) => !(sets as readonly string[]).includes(word))
  for (const name of names) {
    if (!scenarios.some((scenario) => scenario.name === name)) {
      throw new Error(`no scenario ${name}\n\n${usage()}`)
    }
  }
  const chosen =
    names.length > 0
      ? scenarios.filter(({ name }) => names.includes(name))
      : scenarios.filter(({ forms }) => forms.includes(form))
  return { isShell: false, form, scenarios: chosen }
}

export function usage(): string {
  const list = scenarios.map(({ name, title, forms }) => `  ${name.padEnd(10)} ${title} [${forms.join(' ')}]`)
  return `usage: node --import tsx test/e2e/main.ts [--profile default|daprd-1.16] [--keep] [smoke|all|campaign|shell] [scenario …]

A set (all by default) says how much each scenario does; names choose scenarios.
--keep     leaves the rig running after the scenarios, until Ctrl-C
shell      starts the rig with the product installed and says what to try

${list.join('\n')}`
}
