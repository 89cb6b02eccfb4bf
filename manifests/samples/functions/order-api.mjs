// Takes an order over HTTP and publishes it, in OpenFunction's signature (FUNCTION_SIGNATURE_TYPE=openfunction).

import { randomUUID } from 'node:crypto'

export async function order(ctx, data) {
  const accepted = { id: randomUUID(), ...data }
  await ctx.send(accepted, 'orders')
  ctx.res.status(202).json({ accepted: accepted.id })
}
