import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { keyOrderCases } from './key-order.cases.ts'

for (const wire of [httpWire, grpcWire]) keyOrderCases(wire)
