// The order of the measurements: round after round, in each every load, under each load one contender right after the other.

import { type Cell, cellName, cellsOf, isFor, usual } from './cells.ts'
import { type Contender, type ContenderName, type Protocol, startContender } from './contenders.ts'
import { measure, type Sample } from './load.ts'
import { type Replicas, startReplicas } from './replicas.ts'
import { residentMiB } from './usage.ts'

export interface Plan {
  readonly contenders: readonly ContenderName[]
  readonly rounds: number
  readonly isQuick: boolean
}

/** Samples by contender, one of each round, in the order of the rounds. */
export type Samples = Readonly<Partial<Record<ContenderName, readonly Sample[]>>>

export interface Measured {
  readonly protocol: Protocol
  readonly cells: readonly { readonly cell: Cell; readonly samples: Samples }[]
  /** MiB after the usual load, of each contender. */
  readonly loadedMiB: Readonly<Partial<Record<ContenderName, number>>>
  /** MiB after all loads, 64 KiB × 256 among them. */
  readonly mostMiB: Readonly<Partial<Record<ContenderName, number>>>
}

/** Only the cells for which `wanted` holds, if it is given. */
export async function measureRounds(
  protocol: Protocol,
  plan: Plan,
  say: (line: string) => void,
  wanted: (cell: Cell) => boolean = () => true,
): Promise<Measured> {
  const cells = cellsOf(protocol, plan.isQuick).filter(wanted)
  const replicas = await startReplicas(100)
  const field = await startField(protocol, plan, replicas)
  try {
    say(`${protocol}: warming up`)
    const loadedMiB = await warmUp(field, plan, protocol, replicas)
    const counts = await countEvents(field, cells, plan, replicas)
    const samples = cells.map((cell) => Object.fromEntries(namesFor(plan, cell).map((name) => [name, [] as Sample[]])))
    for (let round = 1; round <= plan.rounds; round += 1) {
      say(`${protocol}: round ${round} of ${plan.rounds}`)
      for (const [index, cell] of cells.entries()) {
        // None of them is always the first after another load.
        const names = namesFor(plan, cell)
        for (const name of round % 2 === 0 ? names : names.toReversed()) {
          const events = counts.get(key(name, cell)) as number
          const contender = field.of(name, cell)
          if (cell.rate === undefined) await measure(contender, cell, toComeBack(name, events), replicas)
          samples[index]?.[name]?.push(await measure(contender, cell, events, replicas))
        }
      }
    }
    return {
      protocol,
      cells: cells.map((cell, index) => ({ cell, samples: samples[index] as Samples })),
      loadedMiB,
      mostMiB: memoryOf(field, plan.contenders),
    }
  } finally {
    await field.kill()
    replicas.kill()
  }
}

const namesFor = ({ contenders }: Plan, cell: Pick<Cell, 'replicas' | 'rate'>): ContenderName[] =>
  contenders.filter((name) => isFor(name, cell))

const replicaCounts = [1, 3, 100] as const

interface Field {
  of(name: ContenderName, cell: Pick<Cell, 'replicas'>): Contender
  kill(): Promise<void>
}

/** Each contender as often as there are numbers of replicas that it is for. */
async function startField(protocol: Protocol, plan: Plan, replicas: Replicas): Promise<Field> {
  const started = new Map<string, Contender>()
  for (const count of replicaCounts) {
    for (const name of namesFor(plan, { replicas: count })) {
      started.set(`${name} ${count}`, await startContender(name, protocol, replicas.ports.slice(0, count)))
    }
  }
  return {
    of: (name, cell) => started.get(`${name} ${cell.replicas}`) as Contender,
    kill: async () => {
      for (const contender of started.values()) await contender.kill()
    },
  }
}

/**
 * Those that had to wait for their turn have cold caches, and V8 forgets code that was idle for some seconds: what is wanted is
 * the cost of a process at work, and some of these have one load in a round.
 */
const toComeBack = (name: ContenderName, events: number): number => (name === 'proxy' ? 2 * events : events)

/**
 * Until the optimising compiler is done: it works on threads of its own, which count. With 30,000 events over gRPC it still cost
 * the proxy with one replica half of what an event costs, and that with three, which had had more loads, nothing; over HTTP it goes
 * on until some 100,000.
 */
const warmingEvents = 150_000

/** Tells how large the usual load leaves each. */
async function warmUp(
  field: Field,
  plan: Plan,
  protocol: Protocol,
  replicas: Replicas,
): Promise<Measured['loadedMiB']> {
  for (const count of replicaCounts) {
    const cell = { ...usual, protocol, replicas: count }
    for (const name of namesFor(plan, cell)) {
      const isNode = name === 'proxy' || name === 'byte relay'
      await measure(field.of(name, cell), cell, isNode ? warmingEvents : 3000, replicas)
    }
  }
  return memoryOf(field, plan.contenders)
}

const memoryOf = (field: Field, names: readonly ContenderName[]): Measured['loadedMiB'] =>
  Object.fromEntries(names.map((name) => [name, residentMiB(field.of(name, { replicas: 3 }).pid)]))

const key = (name: ContenderName, cell: Cell): string => `${name} ${cellName(cell)}`

/** How many events each contender gets under each load: so many that opening the connections does not count. */
async function countEvents(field: Field, cells: readonly Cell[], plan: Plan, replicas: Replicas) {
  const counts = new Map<string, number>()
  for (const cell of cells) {
    const few = Math.max(500, cell.concurrency * 4)
    const seconds = cell.concurrency > 100 ? 0.6 : 0.3
    for (const name of namesFor(plan, cell)) {
      const { eventsPerSecond } = await measure(field.of(name, cell), cell, cell.rate ?? few, replicas)
      counts.set(key(name, cell), cell.rate ?? Math.max(few, Math.round(eventsPerSecond * seconds)))
    }
  }
  return counts
}
