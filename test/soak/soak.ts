// Very many events at full speed, while replicas are killed and slow: is any lost, and does the proxy stay as it was?

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { residentMiB } from '../bench/usage.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { metric, unusedPort } from '../support/proxy.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { grpcSender, httpSender } from './senders.ts'

export interface Figures {
  readonly protocol: string
  readonly events: number
  readonly perSecond: number
  /** Events that no replica answered with their own number, however often they were sent. */
  readonly missing: number
  /** Attempts that came back with an error, and were sent again as daprd would. */
  readonly again: number
  readonly kills: number
  /** MiB when calm, after each quarter of the events, and when calm again. */
  readonly residentMiB: readonly number[]
  /** When calm, before and after; those of the sender are open both times. */
  readonly sockets: readonly [number, number]
  readonly timers: readonly [number, number]
  readonly heldAtEnd: number
  readonly bufferedAtEnd: number
}

export interface SoakOptions {
  readonly protocol: 'http' | 'grpc'
  readonly events: number
  /** Milliseconds between two disturbances. */
  readonly disturbEveryMs: number
  /** Milliseconds to become calm: idle connections to replicas over HTTP live for four seconds. */
  readonly calmMs: number
  readonly onProgress?: (sent: number, residentMiB: number) => void
}

const lanes = 64
const replicaCount = 3
const mostAttempts = 1000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function soak({ protocol, events, disturbEveryMs, calmMs, onProgress }: SoakOptions): Promise<Figures> {
  const replicas = await Promise.all(Array.from({ length: replicaCount }, () => Replica.start(protocol)))
  const proxy = await startProxyProcess(
    protocol === 'http' ? httpWire : grpcWire,
    replicas.map(({ port }) => port),
  )
  const sender = protocol === 'http' ? httpSender(proxy.port) : grpcSender(proxy.port)
  const resident: number[] = []
  const noteResident = () => resident.push(residentMiB(proxy.pid))
  let isOver = false
  try {
    const state = () => stateOf(proxy.pid, proxy.adminPort)
    // Code that has run once, and the page of metrics, are no growth.
    await sendAll(Math.min(2000, events), sender, () => {})
    await pause(calmMs)
    const before = await state()
    noteResident()
    const startedMs = performance.now()
    const disturbance = disturb(replicas, disturbEveryMs, () => isOver)
    const quarter = Math.ceil(events / 4)
    const { missing, again } = await sendAll(events, sender, (done) => {
      if (done % quarter === 0 || done === events) noteResident()
      if (done % 10_000 === 0) onProgress?.(done, residentMiB(proxy.pid))
    })
    const seconds = (performance.now() - startedMs) / 1000
    isOver = true
    const kills = await disturbance
    await pause(calmMs)
    noteResident()
    const after = await state()
    return {
      ...{ protocol, events, missing, again, kills, perSecond: Math.round(events / seconds) },
      residentMiB: resident.map((each) => Math.round(each * 10) / 10),
      sockets: [before.sockets, after.sockets],
      timers: [before.timers, after.timers],
      heldAtEnd: after.held,
      bufferedAtEnd: after.buffered,
    }
  } finally {
    sender.close()
    proxy.kill()
    for (const replica of replicas) replica.kill()
  }
}

async function sendAll(
  events: number,
  { send }: { send(body: Buffer): Promise<string | undefined> },
  onDone: (done: number) => void,
) {
  let next = 0
  let done = 0
  let missing = 0
  let again = 0
  const deliver = async (id: number) => {
    const body = Buffer.from(`id=${id};`.padEnd(256, 'x'))
    for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
      if ((await send(body)) === String(id)) return
      again += 1
      await pause(10)
    }
    missing += 1
  }
  const lane = async () => {
    while (next < events) {
      const id = next
      next += 1
      await deliver(id)
      done += 1
      onDone(done)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { missing, again }
}

/** Kills one replica, or has it take its time for a while; there are always two others. Resolves to the number of kills. */
async function disturb(replicas: readonly Replica[], everyMs: number, isOver: () => boolean): Promise<number> {
  let kills = 0
  for (let turn = 0; !isOver(); turn += 1) {
    const replica = replicas[turn % replicas.length] as Replica
    await pause(everyMs)
    if (turn % 2 === 0) {
      kills += 1
      replica.kill()
      await pause(everyMs / 4)
      await replica.begin()
    } else {
      replica.slow(50)
      await pause(everyMs / 4)
      replica.slow(0)
    }
  }
  return kills
}

export class Replica {
  readonly port: number
  readonly #protocol: string
  #child: ChildProcess | undefined

  private constructor(protocol: string, port: number) {
    this.#protocol = protocol
    this.port = port
  }

  static async start(protocol: string): Promise<Replica> {
    const replica = new Replica(protocol, await unusedPort())
    await replica.begin()
    return replica
  }

  async begin(): Promise<void> {
    const program = fileURLToPath(new URL('replica.mjs', import.meta.url))
    const child = spawn(process.execPath, [program, this.#protocol, String(this.port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child = child
    await once(child.stdout, 'data')
  }

  get pid(): number {
    return this.#child?.pid as number
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  slow(ms: number): void {
    this.#child?.stdin?.write(`slow ${ms}\n`)
  }
}

async function stateOf(pid: number, adminPort: number) {
  const ask = (name: string, labels?: readonly string[]) => metric(adminPort, name, labels)
  return {
    sockets: readdirSync(`/proc/${pid}/fd`).filter((fd) => linkOf(pid, fd).startsWith('socket:')).length,
    timers: await ask('nodejs_active_resources', ['type="Timeout"']),
    held: await ask('dapr_proxy_held'),
    buffered: await ask('dapr_proxy_buffered_bytes'),
  }
}

function linkOf(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`)
  } catch {
    // It has just been closed.
    return ''
  }
}
