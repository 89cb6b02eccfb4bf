import { describe } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { overTls } from '../support/tls.ts'
import { limitsCases } from './limits.cases.ts'

for (const wire of [httpWire, grpcWire]) limitsCases(wire)

describe('TLS', () => {
  for (const wire of [overTls(httpWire), overTls(grpcWire)]) limitsCases(wire)
})
