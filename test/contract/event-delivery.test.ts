import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventDeliveryCases } from './event-delivery.cases.ts'

for (const wire of [httpWire, grpcWire]) eventDeliveryCases(wire)
