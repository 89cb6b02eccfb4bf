// Publishes one order each time its cron binding is due.

import { randomUUID } from 'node:crypto'

export async function publish(ctx) {
  const order = { id: randomUUID(), amount: Math.ceil(Math.random() * 100) }
  // Awaited: if the order cannot be published, this event fails and comes again.
  await ctx.send(order)
}
