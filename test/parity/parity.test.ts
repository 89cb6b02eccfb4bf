// The same events through daprd → app and through daprd → proxy → app have the same outcomes: a real daprd cannot tell the proxy from the app.

import { basename } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { grpcWire } from '../support/grpc-wire.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventually, setUpProxy } from '../support/proxy.ts'
import { type App, grpcBehaviours, httpBehaviours, startGrpcApp, startHttpApp, topic } from './app.ts'
import { type Daprd, daprds, startDaprd } from './daprd.ts'

const limit = { timeout: 120_000 }

const protocols = [
  { wire: httpWire, startApp: startHttpApp, behaviours: Object.keys(httpBehaviours) },
  { wire: grpcWire, startApp: startGrpcApp, behaviours: Object.keys(grpcBehaviours) },
]

test.skipIf(daprds.length > 0)('there is no daprd: make e2e-tools builds it, or DAPRD names one', ({ skip }) => skip())

for (const program of daprds) {
  for (const { wire, startApp, behaviours } of protocols) {
    const { protocol } = wire

    /** The app with a daprd in front of it, and its twin with a proxy between. */
    const startBoth = async (): Promise<[Side, Side]> => {
      const [direct, proxied] = [await startApp(), await startApp()]
      onTestFinished(async () => void (await Promise.all([direct.close(), proxied.close()])))
      const { proxy } = await setUpProxy(wire, [proxied.port])
      return Promise.all([
        startDaprd(program, protocol, direct.port).then((daprd) => ({ app: direct, daprd })),
        startDaprd(program, protocol, proxy.port).then((daprd) => ({ app: proxied, daprd })),
      ])
    }

    describe(`${basename(program)} over ${protocol}`, () => {
      test('every answer of a function to an event of a topic means the same', limit, async () => {
        const [direct, proxied] = await startBoth()
        // Its first answers tell the proxy that the app has booted: until then a missing route is not final.
        const script = ['success', ...behaviours].map((behaviour, index) => ({
          id: `${index} ${behaviour}`,
          behaviour,
        }))

        const [wanted, seen] = [await play(direct, script), await play(proxied, script)]

        expect(seen).toEqual(wanted)
        // It sees a difference at all: the policy doubles deliveries, and the component of 1.16 itself tries ten times.
        expect(new Set(Object.values(wanted.deliveries)).size).toBe(2)
      })

      test('service invocation says the same', limit, async () => {
        const [direct, proxied] = await startBoth()
        const calls =
          protocol === 'http'
            ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method) =>
                [200, 201, 204, 302, 404, 418, 500, 503].map((code) => ({
                  method,
                  path: `answer/${code}?a=b%20c&a=ü`,
                })),
              )
            : [0, 1, 2, 3, 5, 7, 8, 12, 13, 14, 16].map((code) => ({ method: 'POST', path: `answer/${code}` }))
        for (const { method, path } of calls) {
          const body = method === 'GET' ? undefined : 'a body of some length'
          const [wanted, seen] = await Promise.all(
            [direct, proxied].map(async ({ daprd }) => heard(await daprd.invoke(method, path, body))),
          )
          expect(seen, `${method} ${path}`).toEqual(wanted)
        }
      })
    })
  }
}

interface Side {
  readonly app: App
  readonly daprd: Daprd
}

interface Order {
  readonly id: string
  readonly behaviour: string
}

/** Publishes all of it and waits until daprd has made up its mind about every event. */
async function play({ app, daprd }: Side, script: readonly Order[]) {
  for (const order of script) await daprd.publish(topic, order)
  const total = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((sum, count) => sum + count, 0)
  let ingress: Readonly<Record<string, number>> = {}
  await eventually(async () => {
    const isStillNow = app.deliveries.size === script.length && (await isStill(app))
    ingress = await daprd.ingress()
    return isStillNow && total(ingress) >= script.length
  }, 60_000)
  return { deliveries: Object.fromEntries([...app.deliveries].sort()), ingress }
}

/** No delivery within many times the pause between retries. */
async function isStill({ deliveries }: App): Promise<boolean> {
  const before = [...deliveries.values()].join()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  return [...deliveries.values()].join() === before
}

/** Without what differs between two calls, or ends at a hop: daprd 1.16 hands the app's Connection to its caller. */
async function heard(answer: Response) {
  const headers = [...answer.headers].filter(
    ([name]) => !['date', 'traceparent', 'keep-alive', 'connection'].includes(name),
  )
  return { status: answer.status, headers, body: await answer.text() }
}
