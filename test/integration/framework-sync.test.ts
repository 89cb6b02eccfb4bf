// Sync functions through the real process, in both signatures.

import { afterEach, describe, expect, test } from 'vitest'
import { killAll, post, startFunction, until } from './framework-process.ts'

const context = { runtime: 'Knative', name: 'sync', port: '8080' }

const start = (target: string, signature: 'http' | 'openfunction', source = 'sync.cjs') =>
  startFunction({ source: `${source}#${target}`, context, env: { FUNCTION_SIGNATURE_TYPE: signature } })

afterEach(killAll)

describe('(req, res)', () => {
  test('has every path and method, and its body as express gives it', async () => {
    const { url } = await start('echo', 'http')

    const posted = await post(`${url}/a/b?c=d`, { e: 1 })
    const got = await fetch(`${url}/healthz`)

    expect(posted).toMatchObject({ status: 201 })
    expect(JSON.parse(posted.text)).toEqual({ body: { e: 1 }, raw: '{"e":1}', path: '/a/b', query: { c: 'd' } })
    expect(got.headers.get('x-method')).toBe('GET')
    expect(await got.json()).toMatchObject({ body: {}, path: '/healthz' })
  })

  test('text, forms and bytes arrive as such', async () => {
    const { url } = await start('echo', 'http')
    const bodyOf = async (body: string, type: string) =>
      JSON.parse((await post(url, body, { 'content-type': type })).text).body

    expect(await bodyOf('hi', 'text/plain')).toBe('hi')
    expect(await bodyOf('a=1&b=2', 'application/x-www-form-urlencoded')).toEqual({ a: '1', b: '2' })
    expect(await bodyOf('hi', 'image/png')).toEqual({ type: 'Buffer', data: [104, 105] })
    expect(await bodyOf('{"a":1}', 'application/cloudevents+json')).toEqual({ a: 1 })
  })

  test('may answer after it returned, or return its answer', async () => {
    const [later, value] = [await start('later', 'http'), await start('value', 'http')]

    expect((await post(later.url, {})).text).toBe('later')
    expect(await post(value.url, {})).toMatchObject({ status: 200, text: '{"answer":42}' })
  })

  test('an error is a 500 without its reason, which the log has', async () => {
    const { url, stderr } = await start('fail', 'http')

    const answer = await post(url, {})

    expect(answer).toMatchObject({ status: 500, text: '{"error":"the function failed"}' })
    expect(answer.headers.get('x-openfunction-status')).toBe('error')
    expect(answer.headers.get('x-leak')).toBeNull()
    expect(await until(() => stderr.find((line) => line.includes('secret of the house')))).toContain('sync.cjs')
  })

  test('4 MiB are taken, more than the limit and broken JSON are refused', async () => {
    const { url } = await start('value', 'http')

    expect((await post(url, { a: 'x'.repeat(4 * 1024 * 1024) })).status).toBe(200)
    expect((await post(url, { a: 'x'.repeat(7 * 1024 * 1024) })).status).toBe(413)
    expect((await post(url, '{"a"')).status).toBe(400)
  })
})

describe('(ctx, data)', () => {
  test('gets parsed JSON, and what it returns is the answer', async () => {
    const { url } = await start('back', 'openfunction')
    const answer = { data: { a: 1 }, isBuffer: false, name: 'sync', port: '8080' }

    expect(JSON.parse((await post(`${url}/any/path`, { a: 1 })).text)).toEqual(answer)
    expect(JSON.parse((await post(url, 'hi', { 'content-type': 'text/plain' })).text).data).toBe('hi')
    expect(JSON.parse((await post(url, 'hi', { 'content-type': 'application/x' })).text).isBuffer).toBe(true)
    expect(await (await fetch(url)).json()).toMatchObject({ data: {} })
  })

  test('a function that says nothing answers 204', async () => {
    const { url } = await start('quiet', 'openfunction')

    expect((await post(url, {})).status).toBe(204)
  })

  test('a named export of an ES module', async () => {
    const { url } = await start('handler', 'openfunction', 'esm.mjs')

    expect((await post(url, {})).text).toBe('named')
  })

  test('a hundred at once keep their own request and response', async () => {
    const { url } = await start('isolated', 'openfunction')
    const ids = Array.from({ length: 100 }, (_, index) => String(index))

    const answers = await Promise.all(ids.map((id) => post(url, { id }, { 'x-id': id })))

    expect(answers.map(({ text }) => JSON.parse(text))).toEqual(ids.map((id) => ({ id, header: id })))
  })

  test('SIGTERM lets a request finish', async () => {
    const { url, stop, stdout } = await start('slow', 'openfunction')
    const answer = post(url, {})
    await until(() => stdout.length === 1)

    const stopped = stop()

    expect((await answer).text).toBe('done')
    expect(await stopped).toBe(0)
  })
})
