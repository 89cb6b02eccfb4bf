// One replica of a function over gRPC: an EventHandler on a few HTTP/2 connections.

import { createBootWatch } from '../boot.ts'
import { plainWay, type Way } from '../dial.ts'
import type { Outcome, ReplicaClient } from '../event.ts'
import type { ReplicaAddress } from '../replica.ts'
import { Connections } from './connections.ts'
import { Exchange } from './exchange.ts'
import type { GrpcMessage } from './message.ts'

export function createGrpcClient(
  address: ReplicaAddress,
  { dial, scheme }: Way = plainWay,
  now = () => performance.now(),
): ReplicaClient<GrpcMessage> {
  const boot = createBootWatch(now)
  const connections = new Connections({ address, dial, now, onLost: () => boot.unreachable() })
  return {
    send: (event) => new Promise<Outcome>((resolve) => connections.place(new Exchange(event, boot, resolve, scheme))),
    close: () => connections.close(),
    abandon: (cause) => connections.abandon(cause),
  }
}
