// Receives one event of a topic. To say nothing is to say that it is done.

export async function receive(_ctx, order) {
  if (order === null || typeof order !== 'object') {
    console.log('dropped, for it is no order:', order)
    return 'DROP'
  }
  // Some work.
  await new Promise((resolve) => setTimeout(resolve, 5))
}
