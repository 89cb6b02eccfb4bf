// Answers a request, as any express handler.

export function hello(req, res) {
  res.json({ hello: req.query.name ?? 'world' })
}
