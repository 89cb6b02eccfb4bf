// Who may ask the webhook, and what repeated questions cost: on real sockets, with real certificates.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../shared/log.ts'
import { compileShape } from './rules/schema.ts'
import { type Controller, type ControllerOptions, startController } from './server.ts'
import { defaultSettings } from './settings.ts'

const crd = readFileSync(new URL('../../metacontroller/crd/functions.yaml', import.meta.url), 'utf8')
const base: ControllerOptions = {
  port: 0,
  files: {},
  settings: defaultSettings,
  checkShape: compileShape(crd),
  log: silentLog,
  reloadEveryMs: 20,
}
const folder = mkdtempSync(join(tmpdir(), 'dapr-proxy-access-'))
const path = (name: string): string => join(folder, name)
const body = JSON.stringify({
  parent: {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name: 'sink', namespace: 'shop', uid: '1', generation: 2 },
    spec: { image: 'i', serving: { runtime: 'knative' } },
  },
})

/** A certificate and its key that sign themselves, as name.crt and name.key. */
function certificate(name: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path(`${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...key, ...subject, '-out', path(`${name}.crt`)], { stdio: 'ignore' })
}

/** For expect.poll: a busy machine takes its time. */
const patient = { timeout: 20_000 }

const started: Controller[] = []
async function controller(options: Partial<ControllerOptions>): Promise<Controller> {
  const running = await startController({ ...base, ...options })
  started.push(running)
  return running
}

beforeAll(() => {
  for (const name of ['server', 'renewed', 'caller', 'stranger']) certificate(name)
  writeFileSync(path('token'), 'correct horse\n')
})
afterAll(async () => {
  for (const each of started) await each.stop()
  rmSync(folder, { recursive: true })
})

const post = (running: Controller, headers: Record<string, string>, hook = 'sync') =>
  fetch(`http://127.0.0.1:${running.port}/${hook}`, { method: 'POST', body, headers })

describe('a bearer token', () => {
  test.each([
    ['the right one', { authorization: 'Bearer correct horse' }, 200],
    ['the right one, with a scheme in other case', { authorization: 'bearer correct horse' }, 200],
    ['none', {}, 401],
    ['an empty one', { authorization: 'Bearer ' }, 401],
    ['the beginning of it', { authorization: 'Bearer correct' }, 401],
    ['another scheme', { authorization: 'Basic correct horse' }, 401],
  ])('%s', async (_, headers, status) => {
    const running = await controller({ files: { token: path('token') } })

    for (const hook of ['sync', 'finalize', 'customize']) {
      expect((await post(running, headers as Record<string, string>, hook)).status).toBe(status)
    }
    expect((await fetch(`http://127.0.0.1:${running.port}/healthz`)).status).toBe(200)
  })

  test('whoever has none is turned away before the body is read', async () => {
    const running = await controller({ files: { token: path('token') } })
    const headers = { 'content-length': '1000000' }
    const asked = httpRequest({ port: running.port, path: '/sync', method: 'POST', headers })
    const status = new Promise((resolve, reject) => {
      asked.once('response', (response) => resolve(response.statusCode))
      asked.once('error', reject)
    })
    // Nothing but the head is ever sent.
    asked.flushHeaders()

    expect(await status).toBe(401)
    asked.destroy()
  })

  test('a changed file is read again', async () => {
    writeFileSync(path('rotated'), 'old')
    const running = await controller({ files: { token: path('rotated') } })
    const status = async (token: string) => (await post(running, { authorization: `Bearer ${token}` })).status
    expect([await status('old'), await status('new')]).toEqual([200, 401])
    writeFileSync(path('rotated'), 'new')

    await expect.poll(() => status('new'), patient).toBe(200)
    expect(await status('old')).toBe(401)
  })
})

describe('HTTPS', () => {
  const files = () => ({ certificate: path('live.crt'), key: path('live.key') })
  const use = (name: string) => {
    for (const end of ['crt', 'key']) writeFileSync(path(`live.${end}`), readFileSync(path(`${name}.${end}`)))
  }

  /** Status, and the name in the certificate that the server showed. */
  function ask(running: Controller, options: RequestOptions = {}): Promise<[number | undefined, string | undefined]> {
    const all = {
      port: running.port,
      path: '/sync',
      method: 'POST',
      rejectUnauthorized: false,
      agent: false,
      ...options,
    }
    return new Promise((resolve, reject) => {
      const asked = httpsRequest(all, (response) => {
        const socket = response.socket as import('node:tls').TLSSocket
        resolve([response.statusCode, socket.getPeerCertificate().subject?.CN as string | undefined])
        response.resume()
      })
      asked.once('error', reject)
      asked.end(body)
    })
  }

  test('answers with its certificate, and with the new one once the files have changed', async () => {
    use('server')
    const running = await controller({ files: files() })
    expect(await ask(running)).toEqual([200, 'server'])
    use('renewed')

    await expect.poll(() => ask(running), patient).toEqual([200, 'renewed'])
  })

  test('keeps the old one where the new files do not fit each other', async () => {
    use('server')
    const running = await controller({ files: files() })
    writeFileSync(path('live.crt'), readFileSync(path('renewed.crt')))
    await new Promise((resolve) => setTimeout(resolve, 100))

    expect(await ask(running)).toEqual([200, 'server'])
  })

  test('with a client CA only who has a certificate of it may ask; probes need none', async () => {
    use('server')
    const running = await controller({ files: { ...files(), clientCa: path('caller.crt') } })
    const as = (name: string) => ({ cert: readFileSync(path(`${name}.crt`)), key: readFileSync(path(`${name}.key`)) })

    expect((await ask(running, as('caller')))[0]).toBe(200)
    expect((await ask(running, as('stranger')))[0]).toBe(401)
    expect((await ask(running))[0]).toBe(401)
    expect((await ask(running, { path: '/healthz', method: 'GET' }))[0]).toBe(200)
  })

  test('files that cannot be read are a wrong configuration that names their variables', async () => {
    const missing = startController({ ...base, files: { certificate: path('no.crt'), key: path('no.key') } })

    await expect(missing).rejects.toThrow(/CONTROLLER_TLS_CERT is .*no.crt[\s\S]*CONTROLLER_TLS_KEY/)
  })
})

describe('a question that is asked again', () => {
  test('is answered 304 while the answer is the same', async () => {
    const running = await controller({})
    const first = await post(running, {})
    const etag = first.headers.get('etag') ?? ''
    const second = await post(running, { 'if-none-match': etag })

    expect([first.status, second.status, await second.text()]).toEqual([200, 304, ''])
    expect((await post(running, { 'if-none-match': '"another"' })).status).toBe(200)
  })

  test('has another tag for a Function that was made anew under the same name', async () => {
    const running = await controller({})
    const again = await fetch(`http://127.0.0.1:${running.port}/sync`, {
      method: 'POST',
      body: body.replace('"uid":"1"', '"uid":"2"'),
    })

    expect(again.headers.get('etag')).not.toBe((await post(running, {})).headers.get('etag'))
  })
})

test('more requests than can be under way are put off with a whole number of seconds', async () => {
  const running = await controller({})
  const headers = { 'content-length': String(body.length) }
  const open = Array.from({ length: 100 }, () => {
    const asked = httpRequest({ port: running.port, path: '/sync', method: 'POST', headers, agent: false })
    asked.flushHeaders()
    asked.on('error', () => undefined)
    const status = new Promise((resolve) => asked.once('response', (response) => resolve(response.resume().statusCode)))
    return { asked, status }
  })
  await expect.poll(async () => (await post(running, {})).status, patient).toBe(429)
  const refused = await post(running, {})
  for (const { asked } of open) asked.end(body)

  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(new Set(await Promise.all(open.map(({ status }) => status)))).toEqual(new Set([200]))
  expect((await post(running, {})).status).toBe(200)
})
