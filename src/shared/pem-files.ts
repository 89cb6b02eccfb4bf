// Certificates and keys in files that variables name: read once, at start.

import { ConfigurationError, type EnvReader } from './env.ts'
import { reason } from './log.ts'

/** Gives the text of a file, or throws. */
export type ReadFile = (path: string) => string

export const noFiles: ReadFile = () => {
  throw new Error('no file can be read here')
}

/** A certificate, with those between it and its authority, and its key: all PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/** The files that `<prefix>_CERT` and `<prefix>_KEY` name; undefined without them. What is wrong is told to `read`. */
export function readKeyPair(read: EnvReader, prefix: string, readFile: ReadFile): KeyPair | undefined {
  const [certName, keyName] = [`${prefix}_CERT`, `${prefix}_KEY`]
  const cert = readPem(read, certName, { kind: 'CERTIFICATE', readFile })
  const key = readPem(read, keyName, { kind: 'PRIVATE KEY', readFile })
  const isGiven = (name: string) => read.text(name) !== undefined
  if (isGiven(certName) !== isGiven(keyName)) {
    read.problem(isGiven(certName) ? keyName : certName, 'is missing; certificate and key go together')
  }
  return cert !== undefined && key !== undefined ? { cert, key } : undefined
}

interface Wanted {
  readonly kind: 'CERTIFICATE' | 'PRIVATE KEY'
  readonly readFile: ReadFile
}

/** The text of the file that a variable names; undefined if there is none, or none that can be used. */
export function readPem(read: EnvReader, name: string, { kind, readFile }: Wanted): string | undefined {
  const path = read.text(name)
  if (path === undefined) return undefined
  try {
    const text = readFile(path)
    if (text.includes(`${kind}-----`)) return text
    read.problem(name, `is ${path}, which holds no ${kind.toLowerCase()} in PEM`)
  } catch (error) {
    read.problem(name, `is ${path}, which cannot be read: ${reason(error)}`)
  }
  return undefined
}

/** What `use` makes of a file. Throws a ConfigurationError with the name of its variable where that is not possible. */
export function usable<T>(name: string, use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw new ConfigurationError([{ field: name, message: `cannot be used: ${reason(error)}` }])
  }
}
