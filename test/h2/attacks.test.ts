// Attackers on real sockets, against a proxy process: its memory stays calm, and the events of others go on.

import { expect, onTestFinished, test } from 'vitest'
import { residentMiB } from '../bench/usage.ts'
import { grpcWire } from '../support/grpc-wire.ts'
import { startProxyProcess } from '../support/proxy-process.ts'
import { attack, attacks } from './attack-list.ts'

/** Megabytes above calm, while or after an attack. */
const mostMoreMiB = 32
const attackers = 5

async function setUp() {
  const replica = await grpcWire.startFunction(({ data: bytes }) => ({ status: 'SUCCESS', data: bytes }))
  // What an attacker opens are calls like any other: how many may be under way at a time is not what is tested here.
  const proxy = await startProxyProcess(grpcWire, [replica.port], { PROXY_MAX_IN_FLIGHT: '100000' })
  const sidecar = grpcWire.connect(proxy.port)
  onTestFinished(async () => {
    sidecar.close()
    proxy.kill()
    await replica.kill()
  })
  // Warm first: what the code itself takes is no part of the attack.
  const lane = async () => {
    for (let i = 0; i < 100; i += 1) await sidecar.binding(Buffer.alloc(1000))
  }
  await Promise.all(Array.from({ length: 30 }, lane))
  return { proxy, sidecar }
}

test.each(attacks)(
  '$name',
  async (each_) => {
    const { proxy, sidecar } = await setUp()
    const calmMiB = residentMiB(proxy.pid)
    let isOver = false
    let highestMiB = 0
    const others = (async () => {
      const failures: string[] = []
      for (let i = 0; i < 50 || !isOver; i += 1) {
        const heard = await sidecar.binding(Buffer.from('x'))
        if (heard.outcome !== 'success') failures.push(heard.text)
        highestMiB = Math.max(highestMiB, residentMiB(proxy.pid))
      }
      return failures
    })()

    const sockets = await Promise.all(Array.from({ length: attackers }, () => attack(proxy.port, each_)))
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    isOver = true

    expect(await others).toEqual([])
    expect(highestMiB - calmMiB).toBeLessThan(mostMoreMiB)
  },
  120_000,
)
