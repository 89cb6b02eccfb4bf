// The page of the admin port: in a real browser where there is one, and everywhere by running its script on a document of our own.

import { createHash } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { browser, render } from '../support/browser.ts'
import { httpWire } from '../support/http-wire.ts'
import { eventually, setUpProxy } from '../support/proxy.ts'
import { binding, pubsub, topic } from '../support/wire.ts'

/** A name that would run if it ever were taken for markup. */
const hostile = '<img src=x onerror=document.title="hacked">'

const functionContext = JSON.stringify({
  name: hostile,
  version: '',
  runtime: 'Async',
  port: '8080',
  inputs: {
    orders: { uri: topic, componentName: pubsub, componentType: 'pubsub.redis' },
    ticks: { componentName: binding, componentType: 'bindings.cron' },
  },
})

/** A proxy that has answered some events, one of them with an error. */
async function busyProxy() {
  const replicas = await Promise.all(
    [1, 2].map(async () => {
      const replica = await httpWire.startFunction(({ data }) =>
        data.toString() === 'bad' ? { error: 'no' } : { status: 'SUCCESS' },
      )
      onTestFinished(() => replica.kill())
      return `127.0.0.1:${replica.port}`
    }),
  )
  const ports = replicas.map((address) => Number(address.split(':')[1]))
  const { proxy, sidecar } = await setUpProxy(httpWire, ports, { FUNC_CONTEXT: functionContext })
  for (let sent = 0; sent < 30; sent += 1) await sidecar.binding(Buffer.from('good'))
  await sidecar.binding(Buffer.from('bad'))
  return { url: `http://127.0.0.1:${proxy.adminPort}/`, replicas }
}

const contentOf = (html: string, element: string): string =>
  new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html)?.[1] ?? ''

describe('the page', () => {
  test('needs nothing but itself, and its policy lets nothing else run', async () => {
    const { url } = await busyProxy()
    const response = await fetch(url)
    const html = await response.text()
    const policy = response.headers.get('content-security-policy') ?? ''

    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(html).not.toMatch(/https?:|\bsrc=|@import|url\(|\sstyle=|\son\w+=/)
    expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/)
    expect(html.match(/<(script|style)>/g)).toHaveLength(2)
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    for (const element of ['script', 'style']) {
      const hash = createHash('sha256').update(contentOf(html, element)).digest('base64')
      expect(policy).toContain(`${element}-src 'sha256-${hash}'`)
    }
    expect(Buffer.byteLength(html)).toBeLessThan(20_000)
  })

  test('shows replicas, shares, routes and failures, and puts foreign text nowhere but into text', async () => {
    const { url, replicas } = await busyProxy()
    const html = await (await fetch(url)).text()
    const page = new FakePage(html, url)

    page.run()

    await eventually(() => page.text('live').startsWith('live'))
    expect(page.text('name')).toBe(hostile)
    for (const address of replicas) expect(page.text('replicas')).toContain(address)
    expect(page.text('replicas')).toMatch(/\|ready\|\d+ %\|0\|\d+\|/)
    expect(page.text('routes')).toMatch(/cron\|binding\|[\d.]+\/s\|31\|1\|1/)
    expect(page.text('failures')).toMatch(/cron\|failed\|127/)
    expect(page.text('tiles')).toMatch(/1\|would be lost/)
  })

  test('says when the proxy does not answer', async () => {
    const { url } = await busyProxy()
    const html = await (await fetch(url)).text()
    const page = new FakePage(html, 'http://127.0.0.1:1/')

    page.run()

    await eventually(() => page.text('live') === 'the proxy does not answer')
  })

  const where = browser ?? 'skipped: this machine has no chromium on its PATH'
  test.skipIf(browser === undefined)(
    `in a real browser (${where})`,
    async () => {
      const { url, replicas } = await busyProxy()

      const { html, console } = await render(browser as string, url)

      expect(console).toEqual([])
      expect(html).toMatch(/id="live"[^>]*class="good"[^>]*>live, up/)
      for (const address of replicas) expect(html).toContain(`>${address}</td>`)
      expect(html).toContain('&lt;img src=x onerror')
      expect(html).not.toContain('<img')
      expect(html).not.toContain('<title>hacked')
      expect(html).toContain('class="bad">failed</span>')
    },
    120_000,
  )
})

/** As much of a document as the script of the page touches. It has no way to turn text into elements. */
class FakePage {
  readonly #script: string
  readonly #url: string
  readonly #byId = new Map<string, FakeElement>()

  constructor(html: string, url: string) {
    this.#script = contentOf(html, 'script')
    this.#url = url
    for (const [, id = ''] of html.matchAll(/\sid="(\w+)"/g)) this.#byId.set(id, new FakeElement())
  }

  run(): void {
    const document = {
      title: '',
      createElement: () => new FakeElement(),
      getElementById: (id: string) => this.#byId.get(id),
    }
    // It asks once; a timer would outlive the test.
    runInNewContext(this.#script, {
      document,
      AbortSignal,
      setTimeout: () => {},
      fetch: (path: string, options: object) => fetch(new URL(path, this.#url), options),
    })
  }

  /** The texts of an element and all in it, with `|` between them. */
  text(id: string): string {
    return this.#byId.get(id)?.texts().join('|') ?? ''
  }
}

class FakeElement {
  textContent = ''
  className = ''
  readonly dataset: Record<string, string> = {}
  readonly style: Record<string, string> = {}
  #children: FakeElement[] = []

  append(...children: FakeElement[]): void {
    this.#children.push(...children)
  }

  replaceChildren(...children: FakeElement[]): void {
    this.#children = children
  }

  texts(): string[] {
    return [this.textContent, ...this.#children.flatMap((child) => child.texts())].filter((text) => text !== '')
  }
}
