// The least that a webhook in Node can do: read a question, parse it, and send an answer of the length that the first part of its path names.

import { createServer } from 'node:http'

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.once('end', () => {
    JSON.parse(Buffer.concat(chunks).toString())
    response.setHeader('content-type', 'application/json')
    response.end('x'.repeat(Number(request.url.slice(1))))
  })
})
server.listen(0, () => console.log(JSON.stringify({ message: 'controller listens', port: server.address().port })))
