// Hands every event on to its output; the cron scenario's function.
let count = 0

export async function handler(context, _data) {
  count += 1
  await context.send(JSON.stringify({ id: `tick-${process.env.POD_NAME}-${count}` }), 'out')
}
