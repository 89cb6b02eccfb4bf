// A function replica of the bench, as a process of its own: remembers the ids that it was given, and fails the ones it should.

import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { mustFail } from './ids.ts'

const wire = process.argv[2] === 'http' ? httpWire : grpcWire
const seen: string[] = []

const replica = await wire.startFunction(({ data }) => {
  const id = data.toString().split(' ', 1)[0] as string
  seen.push(id)
  return mustFail(Number(id)) ? { error: `failed ${id}` } : { status: 'SUCCESS', data: Buffer.from(`did ${id}`) }
})

process.on('message', () => process.send?.({ seen }))
process.send?.({ port: replica.port })
