// What is known of all slices of one Service: a list replaces it, an event changes one slice, old news changes nothing.

import type { SlicePort } from '../settings.ts'
import { readSlice, readVersion, type Slice } from './slice.ts'

/** Names of deleted slices that are remembered, so that an older word of them does not bring them back. */
const maxDeleted = 1000

export class SliceTable {
  readonly #port: SlicePort
  readonly #slices = new Map<string, Slice>()
  readonly #deleted = new Map<string, bigint>()
  #version: bigint | undefined
  #versionText = ''

  constructor(port: SlicePort) {
    this.#port = port
  }

  slices(): Iterable<Slice> {
    return this.#slices.values()
  }

  /** Slices whose endpoints cannot be used because the port is not among theirs. */
  withoutPort(): string[] {
    return [...this.#slices.values()].filter(({ hasPort }) => !hasPort).map(({ name }) => name)
  }

  /** The newest resourceVersion seen, from which a watch goes on. Empty before the first list. */
  get version(): string {
    return this.#versionText
  }

  /**
   * Takes an EndpointSliceList as all there is. A list that is older than what is known (API servers lag behind one another)
   * is refused with false, unless `isDefinite`. Throws if it is no such list.
   */
  replace(list: unknown, isDefinite: boolean): boolean {
    const { metadata, items } = list as { metadata?: { resourceVersion?: unknown }; items?: unknown }
    const text = metadata?.resourceVersion
    if (typeof text !== 'string' || text === '' || !(Array.isArray(items) || items === null)) {
      throw new Error('the answer is no list of EndpointSlices')
    }
    const version = readVersion(text)
    const isOlder = version !== undefined && this.#version !== undefined && version < this.#version
    if (isOlder && !isDefinite) return false
    this.#slices.clear()
    this.#deleted.clear()
    for (const item of items ?? []) {
      const slice = readSlice(item, this.#port)
      if (slice) this.#slices.set(slice.name, slice)
    }
    this.#version = version
    this.#versionText = text
    return true
  }

  /** Takes one event of a watch, ERROR apart. Throws at what is none. */
  apply(type: string, object: unknown): void {
    const { resourceVersion } = (object as { metadata?: { resourceVersion?: unknown } } | null)?.metadata ?? {}
    if (type !== 'BOOKMARK') this.#change(type, object)
    this.#see(resourceVersion)
  }

  #change(type: string, object: unknown): void {
    const slice = readSlice(object, this.#port)
    if (slice === undefined) throw new Error('an event without an EndpointSlice')
    const { name, version } = slice
    const known = this.#slices.get(name)?.version ?? this.#deleted.get(name)
    // The end of an object may carry its last version; any other word with a version that is known is a repetition.
    if (version !== undefined && known !== undefined && (type === 'DELETED' ? version < known : version <= known))
      return
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#deleted.delete(name)
        this.#slices.set(name, slice)
        return
      case 'DELETED':
        this.#slices.delete(name)
        this.#remember(name, version)
        return
      default:
        throw new Error(`an event of the unknown type ${JSON.stringify(type).slice(0, 40)}`)
    }
  }

  #remember(name: string, version: bigint | undefined): void {
    if (version === undefined) return
    this.#deleted.set(name, version)
    for (const oldest of this.#deleted.keys()) {
      if (this.#deleted.size <= maxDeleted) return
      this.#deleted.delete(oldest)
    }
  }

  #see(text: unknown): void {
    if (typeof text !== 'string' || text === '') return
    const version = readVersion(text)
    if (version !== undefined && this.#version !== undefined && version <= this.#version) return
    this.#version = version
    this.#versionText = text
  }
}
