// Writes every order down in the Function's state store.

export async function audit(ctx, order) {
  await ctx.state.save({ data: [{ key: `order-${order.id}`, value: order }] })
}
