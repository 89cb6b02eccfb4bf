// One JSON line per record. Never a payload, never a secret.

export type Level = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>

const order: readonly Level[] = ['debug', 'info', 'warn', 'error']

/** Writes records of `level` and above through `write`, one line each. */
export function createLog(write: (line: string) => void, level: Level = 'info', now = () => new Date()): Log {
  const at = (recordLevel: Level) => (message: string, fields?: Fields) => {
    if (order.indexOf(recordLevel) < order.indexOf(level)) return
    write(`${JSON.stringify({ time: now().toISOString(), level: recordLevel, message, ...fields })}\n`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** What there is of a stream for a log. */
interface Writable {
  write(text: string): unknown
  on(event: 'error', listener: () => void): unknown
}

/** Writes lines to a stream whose reader may go away: what is said from then on is lost, and nothing else. */
export function lineWriter(stream: Writable): (line: string) => void {
  // An error that nobody hears ends the process.
  stream.on('error', () => {})
  return (line) => {
    stream.write(line)
  }
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** What an error says, in one line, without its stack. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // A failed connection to several addresses is an AggregateError with an empty message.
  const first = (error as { errors?: unknown[] }).errors?.[0]
  return error.message || (first === undefined ? error.name : reason(first))
}
