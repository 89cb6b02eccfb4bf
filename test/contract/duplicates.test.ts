import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { duplicatesCases } from './duplicates.cases.ts'

for (const wire of [httpWire, grpcWire]) duplicatesCases(wire)
