// Append-only files that say what was published and what was handled; they survive any SIGKILL of a writer.
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { paths } from '../rig/paths.ts'

export interface Published {
  readonly id: string
  /** Events of one key have an order among themselves. */
  readonly key: string
  readonly atMs: number
}

export interface Handled {
  readonly id: string
  readonly replica: string
  /** How often this replica had seen the id, this time included. */
  readonly attempt: number
  readonly atMs: number
  /** Version of the image that handled it. */
  readonly version: string
}

export interface Ledger {
  readonly name: string
  /** Folder that functions append to; they get it as the variable LEDGER. */
  readonly folder: string
  /** Called only after the broker has taken the events. */
  recordPublished(events: readonly Published[]): void
  published(): Published[]
  handled(): Handled[]
  /** Grows with each event that is handled; costs no reading. */
  handledBytes(): number
}

export function openLedger(name: string): Ledger {
  const folder = `${paths.run}/ledgers/${name}`
  mkdirSync(folder, { recursive: true })
  return {
    name,
    folder,
    recordPublished: (events) => {
      const lines = events.map(({ id, key, atMs }) => `${id}\t${key}\t${atMs}\n`)
      appendFileSync(`${folder}/published`, lines.join(''))
    },
    published: () => parsePublished(read(`${folder}/published`)),
    handled: () => parseHandled(read(`${folder}/handled`)),
    handledBytes: () => statSync(`${folder}/handled`, { throwIfNoEntry: false })?.size ?? 0,
  }
}

export function parsePublished(text: string): Published[] {
  return rows(text).map(([id = '', key = '', atMs = '']) => ({ id, key, atMs: Number(atMs) }))
}

export function parseHandled(text: string): Handled[] {
  return rows(text).map(([id = '', replica = '', attempt = '', atMs = '', version = '']) => ({
    id,
    replica,
    attempt: Number(attempt),
    atMs: Number(atMs),
    version,
  }))
}

/** A last line without its end is still being written. */
function rows(text: string): string[][] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
