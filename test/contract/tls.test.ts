// The same promises with TLS on both sides of the proxy.

import { describe } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { overTls } from '../support/tls.ts'
import { eventDeliveryCases } from './event-delivery.cases.ts'
import { limitsCases } from './limits.cases.ts'

describe('TLS', () => {
  for (const wire of [overTls(httpWire), overTls(grpcWire)]) {
    eventDeliveryCases(wire)
    limitsCases(wire)
  }
})
