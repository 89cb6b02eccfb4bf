// `ctx.state`: the state stores of the Function, with the arguments of OpenFunction's Node framework.

import type { ContextState } from '../../shared/func-context.ts'
import type { Sidecar, StateItem, StateOperation } from './sidecar.ts'

/**
 * Each takes an object whose first value is what it works on, so that the body of a request can be handed through:
 * `save({ data: [{ key, value }] })`, `get({ key })`, `getBulk({ keys, parallelism })`, `delete({ key })`,
 * `transaction({ operations })`, `query({ query })`. `store` is the name in the Function; without it, the first store.
 */
export interface StateOperations {
  save(data: object, store?: string): Promise<void>
  get(data: object, store?: string): Promise<unknown>
  getBulk(data: object, store?: string): Promise<unknown>
  delete(data: object, store?: string): Promise<void>
  transaction(data: object, store?: string): Promise<void>
  query(query: object, store?: string): Promise<unknown>
}

type States = Readonly<Record<string, ContextState>>

export function createStates(states: States, sidecar: Sidecar) {
  const getState = (store?: string) => findState(states, store)
  const componentOf = (store?: string) => getState(store).componentName
  const state: StateOperations = {
    save: async (data, store) => sidecar.saveState(componentOf(store), first(data) as readonly StateItem[]),
    get: async (data, store) => sidecar.getState(componentOf(store), onlyKey(data, 'get')),
    getBulk: async (data, store) => {
      const [keys, parallelism] = Object.values(data)
      return sidecar.getBulkState(componentOf(store), keys, parallelism)
    },
    delete: async (data, store) => sidecar.deleteState(componentOf(store), onlyKey(data, 'delete')),
    transaction: async (data, store) => {
      const [operations, metadata] = Object.values(data)
      return sidecar.transactState(componentOf(store), operations as readonly StateOperation[], metadata)
    },
    query: async (query, store) => sidecar.queryState(componentOf(store), first(query) as object),
  }
  return { state, getState }
}

function findState(states: States, name: string | undefined): ContextState {
  const names = Object.keys(states)
  const chosen = name || names[0]
  if (chosen === undefined) throw new Error('the Function has no state store; declare one in its states')
  const state = Object.hasOwn(states, chosen) ? states[chosen] : undefined
  if (state === undefined)
    throw new Error(`no state store is named "${chosen}"; the Function has ${names.join(', ') || 'none'}`)
  return state
}

const first = (data: object): unknown => Object.values(data)[0]

function onlyKey(data: object, operation: string): string {
  const [key, ...others] = Object.values(data)
  if (typeof key === 'string' && others.length === 0) return key
  throw new Error(`state.${operation} takes an object with one key, such as { key: 'order-1' }`)
}
