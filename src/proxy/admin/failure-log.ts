// One line in the log when a kind of failure begins, then one each ten seconds for as long as it goes on. Never a payload or a header.

import type { Fields, Log } from '../../shared/log.ts'

export type FailureLevel = 'info' | 'warn' | 'error'

export interface FailureLog {
  /** `failure` names the class; it is one of a few words of ours. The first line of a class carries `fields`. */
  add(failure: string, level: FailureLevel, fields: () => Fields): void
  /** Writes what has been counted and not said. */
  flush(): void
}

/** Between two lines of one class, in milliseconds. */
export const quietMs = 10_000

interface Class {
  readonly level: FailureLevel
  /** Since the last line. */
  count: number
  timer: NodeJS.Timeout | undefined
}

export function createFailureLog(log: Log): FailureLog {
  const classes = new Map<string, Class>()

  const summarize = (failure: string, { level, count }: Class) => {
    log[level]('failures go on', { failure, count, seconds: quietMs / 1000 })
  }

  /** A class that had ten quiet seconds is new again. */
  const watch = (failure: string, found: Class) => {
    found.timer = setTimeout(() => {
      found.timer = undefined
      if (found.count === 0) return
      summarize(failure, found)
      found.count = 0
      watch(failure, found)
    }, quietMs)
    found.timer.unref()
  }

  return {
    add(failure, level, fields) {
      let found = classes.get(failure)
      if (found === undefined) {
        found = { level, count: 0, timer: undefined }
        classes.set(failure, found)
      }
      if (found.timer !== undefined) {
        found.count += 1
        return
      }
      log[level]('failure', { failure, ...fields() })
      watch(failure, found)
    },
    flush() {
      for (const [failure, found] of classes) {
        clearTimeout(found.timer)
        found.timer = undefined
        if (found.count > 0) summarize(failure, found)
        found.count = 0
      }
    },
  }
}

/**
 * What broke a connection, fit for a log: Node and undici quote names of header fields and bytes of a reply in some errors, so
 * what stands in quotes or is not printable goes, and so does the end of a long text.
 */
export function plainCause(cause: string): string {
  return cause
    .replace(/"[^"]*"?|'[^']*'?|`[^`]*`?/g, '…')
    .replace(/[^\x20-\x7e…]/g, ' ')
    .slice(0, 160)
}
