// One burst of events through one proxy: from h2load as fast as answers come, or from our own sender at a fixed rate.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { appCallback } from '../support/proto.ts'
import { pubsub, topic } from '../support/wire.ts'
import type { Cell } from './cells.ts'
import type { Contender, Protocol } from './contenders.ts'
import { onCore } from './cores.ts'
import { cache, peers } from './programs.ts'
import type { Replicas } from './replicas.ts'
import { cpuMicros } from './usage.ts'

const run = promisify(execFile)

export interface Sample {
  readonly cpuMicrosPerEvent: number
  /** Time that the proxy waited for its core ÷ time that it had it: above 0, something else ran there. */
  readonly waitShare: number
  readonly eventsPerSecond: number
  /** Microseconds from the moment that an event is due until its answer is whole; of a fixed rate alone. */
  readonly p50: number
  readonly p99: number
}

interface Sent {
  readonly failed: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
}

/** Throws if an event was not answered with success or did not reach a replica exactly once. */
export async function measure(contender: Contender, cell: Cell, events: number, replicas: Replicas): Promise<Sample> {
  const servedBefore = await replicas.served()
  const cpuBefore = cpuMicros(contender.pid)
  const sent = await (cell.rate === undefined
    ? saturate(contender.port, cell, events)
    : pace(contender.port, cell, events))
  const cpu = cpuMicros(contender.pid)
  const served = (await replicas.served()) - servedBefore
  if (sent.failed > 0 || served !== events) {
    throw new Error(`of ${events} events ${sent.failed} failed, and the replicas answered ${served}`)
  }
  const ran = cpu.ran - cpuBefore.ran
  return {
    cpuMicrosPerEvent: ran / events,
    waitShare: (cpu.waited - cpuBefore.waited) / ran,
    eventsPerSecond: events / sent.seconds,
    p50: sent.p50,
    p99: sent.p99,
  }
}

/** A connection for each event under way over HTTP, as daprd has them; a stream of one connection over gRPC. */
async function saturate(port: number, cell: Cell, events: number): Promise<Sent> {
  const shape =
    cell.protocol === 'http'
      ? ['--h1', '-c', String(cell.concurrency), '-H', 'content-type: application/cloudevents+json']
      : ['-c', '1', '-m', String(cell.concurrency), '-H', 'content-type: application/grpc', '-H', 'te: trailers']
  const file = bodyFile(cell.protocol, cell.bytes)
  const url = `http://127.0.0.1:${port}${pathOf(cell.protocol)}`
  const [command, ...args] = onCore('others', ['h2load', ...shape, '-n', String(events), '-d', file, url])
  const { stdout } = await run(command, args)
  const [, succeeded] = /(\d+) succeeded/.exec(stdout) ?? []
  const [, amount, unit] = /finished in ([\d.]+)(us|ms|s),/.exec(stdout) ?? []
  const seconds = Number(amount) / { us: 1e6, ms: 1e3, s: 1 }[unit as 'us' | 'ms' | 's']
  return { failed: events - Number(succeeded), seconds, p50: Number.NaN, p99: Number.NaN }
}

async function pace(port: number, { protocol, bytes, rate }: Cell, events: number): Promise<Sent> {
  const what = [protocol, String(port), pathOf(protocol), bodyFile(protocol, bytes), String(rate), String(events)]
  const [command, ...args] = onCore('others', [peers, 'pace', ...what])
  const { stdout } = await run(command, args)
  return JSON.parse(stdout) as Sent
}

const pathOf = (protocol: Protocol): string =>
  protocol === 'http' ? `/${topic}` : '/dapr.proto.runtime.v1.AppCallback/OnTopicEvent'

/** An event as a file for the senders: a CloudEvent of so many bytes, or a message with so many bytes of data. */
function bodyFile(protocol: Protocol, bytes: number): string {
  const file = `${cache}/${protocol}-${bytes}`
  writeFileSync(file, protocol === 'http' ? cloudEvent(bytes) : grpcMessage(Buffer.alloc(bytes, 'x')))
  return file
}

/** As small as it can be: the smallest load has 64 bytes. */
function cloudEvent(bytes: number): string {
  const event = (data: string) => JSON.stringify({ id: '1', source: 'bench', type: 'event', data })
  return event('x'.repeat(bytes - event('').length))
}

function grpcMessage(data: Buffer): Buffer {
  const event = { id: '1', source: 'bench', type: 'event', spec_version: '1.0', pubsub_name: pubsub, topic, data }
  const message = appCallback.OnTopicEvent?.requestSerialize(event) as Buffer
  // A flag, then the length in four bytes.
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}
