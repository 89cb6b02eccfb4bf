// Opens the ports of a process, and says of each that cannot be had which variable moves it.

import { ConfigurationError } from './env.ts'
import type { Problem } from './func-context.ts'

export interface Port {
  /** The variable that chooses the port. */
  readonly variable: string
  readonly port: number
  /** Resolves to the port that it listens on. */
  readonly listen: () => Promise<number>
}

/** Resolves to the ports in the order given. Throws a ConfigurationError that names every port that is taken or forbidden. */
export async function listenOn(...ports: readonly Port[]): Promise<number[]> {
  const results = await Promise.allSettled(ports.map(({ listen }) => listen()))
  const problems: Problem[] = []
  for (const [index, result] of results.entries()) {
    if (result.status === 'rejected') problems.push(listenProblem(ports[index] as Port, result.reason))
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
  return results.map((result) => (result as PromiseFulfilledResult<number>).value)
}

/** Why a port cannot be had, and what mends it. */
export function listenProblem({ variable, port }: Pick<Port, 'variable' | 'port'>, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EADDRINUSE':
      return { field: variable, message: `is ${port}, which is in use; give another port, or 0 for any free one` }
    case 'EACCES':
      return { field: variable, message: `is ${port}, which this user may not open; give one above 1023` }
    default:
      return { field: variable, message: `is ${port}, which cannot be opened (${message})` }
  }
}
