import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { appTokenCases } from './app-token.cases.ts'

for (const wire of [httpWire, grpcWire]) appTokenCases(wire)
