// Writes each event into the ledger and fails it.
import { idOf, record } from './record.mjs'

export async function handler(_context, data) {
  record(idOf(data))
  throw new Error('it always fails')
}
