// Everything that is tried with any bytes.

import { grpcRelay } from './grpc-relay.ts'
import { http1Client } from './http1-client.ts'
import { http1Reader } from './http1-reader.ts'
import { http1Server } from './http1-server.ts'
import { http2Client, http2Server } from './http2-end.ts'
import { http2Fields } from './http2-fields.ts'
import { http2Frames } from './http2-frames.ts'
import { http2Pair } from './http2-pair.ts'
import type { Target } from './loop.ts'

export const targets: readonly Target[] = [
  http1Reader,
  http1Server,
  http1Client,
  http2Fields,
  http2Frames,
  http2Server,
  http2Client,
  http2Pair,
  grpcRelay,
]
