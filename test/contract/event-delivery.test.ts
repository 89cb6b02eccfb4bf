import { describe } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { overTls } from '../support/tls.ts'
import { eventDeliveryCases } from './event-delivery.cases.ts'

for (const wire of [httpWire, grpcWire]) eventDeliveryCases(wire)

describe('TLS', () => {
  for (const wire of [overTls(httpWire), overTls(grpcWire)]) eventDeliveryCases(wire)
})
