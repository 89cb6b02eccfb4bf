// The files that say who may ask the webhook, and by which it proves itself: read at start, and again when they change.

import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Problem } from '../shared/func-context.ts'
import { reason } from '../shared/log.ts'

/** Paths of files, as variables name them. */
export interface CredentialFiles {
  readonly certificate?: string | undefined
  readonly key?: string | undefined
  /** CA of the certificates that callers must have. */
  readonly clientCa?: string | undefined
  /** The token that callers must send. */
  readonly token?: string | undefined
}

export interface Credentials {
  readonly tls: { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer } | undefined
  /** SHA-256 of the token. */
  readonly tokenHash: Buffer | undefined
  /** Tells one state of the files from another. */
  readonly mark: string
}

/** What is wrong with the files, each under the name of its variable. */
export function readCredentials(files: CredentialFiles): Credentials | readonly Problem[] {
  const problems: Problem[] = []
  const read = (variable: string, path: string | undefined): Buffer | undefined => {
    if (path === undefined) return undefined
    try {
      return readFileSync(path)
    } catch (error) {
      problems.push({ field: variable, message: `is ${path}, which cannot be read: ${reason(error)}` })
      return undefined
    }
  }
  const cert = read('CONTROLLER_TLS_CERT', files.certificate)
  const key = read('CONTROLLER_TLS_KEY', files.key)
  const ca = read('CONTROLLER_CLIENT_CA', files.clientCa)
  const token = read('CONTROLLER_TOKEN_FILE', files.token)?.toString('utf8').trim()
  if (token === '') problems.push({ field: 'CONTROLLER_TOKEN_FILE', message: 'is empty; write the token into it' })
  if (problems.length > 0) return problems
  return {
    tls: cert && key && { cert, key, ...(ca && { ca }) },
    tokenHash: token === undefined ? undefined : sha256(token),
    mark: sha256(
      Buffer.concat([cert, key, ca, Buffer.from(token ?? '')].map((part) => part ?? Buffer.alloc(0))),
    ).toString('hex'),
  }
}

/** Compared by hash, so that neither the length nor the first differing byte shows in the time that it takes. */
export function isToken(authorization: string | undefined, tokenHash: Buffer): boolean {
  const [, token = ''] = /^Bearer +(.*)$/i.exec(authorization ?? '') ?? []
  return timingSafeEqual(sha256(token.trim()), tokenHash)
}

const sha256 = (content: string | Buffer): Buffer => createHash('sha256').update(content).digest()
