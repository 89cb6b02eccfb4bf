// State stores in memory. As with a real sidecar, an app sees its own keys alone.

import { ApiError } from '../api-error.ts'
import { brokerKey, type Component } from './component.ts'

export interface StateValue {
  readonly value: Buffer
  readonly etag: string
}

export interface StateWrite {
  readonly kind: 'upsert' | 'delete'
  readonly key: string
  readonly value: Buffer
  /** The write fails if the stored value has another one. */
  readonly etag?: string | undefined
  /** Without an etag: the write fails if there is a value already. */
  readonly firstWrite: boolean
}

export interface StateView {
  get(key: string): StateValue | undefined
  /** All or nothing; throws an ApiError if an etag does not match. */
  write(writes: readonly StateWrite[]): void
}

export class StateStores {
  readonly #stores = new Map<string, Map<string, StateValue>>()
  #versions = 0

  view(component: Component, appId: string): StateView {
    const key = brokerKey(component)
    const store = this.#stores.get(key) ?? new Map<string, StateValue>()
    this.#stores.set(key, store)
    const own = (name: string) => `${appId}||${name}`
    return {
      get: (name) => store.get(own(name)),
      write: (writes) => {
        for (const write of writes) check(store.get(own(write.key)), write)
        for (const write of writes) this.#apply(store, own(write.key), write)
      },
    }
  }

  #apply(store: Map<string, StateValue>, key: string, { kind, value }: StateWrite): void {
    if (kind === 'delete') {
      store.delete(key)
      return
    }
    this.#versions += 1
    store.set(key, { value, etag: String(this.#versions) })
  }
}

function check(stored: StateValue | undefined, { key, etag, firstWrite }: StateWrite): void {
  const isStale = etag ? stored?.etag !== etag : firstWrite && stored !== undefined
  if (isStale) throw ApiError.etagMismatch(key)
}
