import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { limitsCases } from './limits.cases.ts'

for (const wire of [httpWire, grpcWire]) limitsCases(wire)
