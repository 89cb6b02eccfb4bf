// Writes each event into the ledger before it answers; async functions of the scenarios use it.
import { appendFileSync } from 'node:fs'

const { LEDGER, POD_NAME = 'nobody', IMAGE_VERSION = '', DELAY_MS = '0' } = process.env
const attempts = new Map()

export async function handler(_context, data) {
  record(idOf(data))
  if (DELAY_MS !== '0') await new Promise((resolve) => setTimeout(resolve, Number(DELAY_MS)))
}

export function record(id) {
  const attempt = (attempts.get(id) ?? 0) + 1
  attempts.set(id, attempt)
  const line = [id, POD_NAME, attempt, Date.now(), IMAGE_VERSION].join('\t')
  appendFileSync(`${LEDGER}/handled`, `${line}\n`)
}

/** Frameworks hand over the data of a CloudEvent or the whole of it, parsed or not. */
export function idOf(data) {
  const value = typeof data === 'string' || data instanceof Uint8Array ? JSON.parse(Buffer.from(data).toString()) : data
  return String(value?.data?.id ?? value?.id)
}
