// The image, made by its Dockerfile's own words: production install, the same copies, another user, a read-only file system.

import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { buildImage, type Image } from '../support/dockerfile.ts'
import { funcContext } from '../support/func-context.ts'
import { eventually } from '../support/proxy.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const target = mkdtempSync(join(tmpdir(), 'dapr-proxy-image-'))

// Another user and a mount of our own need root.
describe.skipIf(process.getuid?.() !== 0)('image', () => {
  let image: Image

  beforeAll(() => {
    image = buildImage(readFileSync(join(root, 'Dockerfile'), 'utf8'), root, target)
    // A folder made by mkdtemp lets no other user in.
    chmodSync(target, 0o755)
  }, 300_000)
  afterAll(() => rmSync(target, { recursive: true, force: true }))

  test('holds what runs, and nothing that only builds or tests', () => {
    expect(readdirSync(image.folder).toSorted()).toEqual([
      'LICENSE',
      'dist',
      'metacontroller',
      'node_modules',
      'package.json',
      'proto',
    ])
    const installed = readdirSync(join(image.folder, 'node_modules'))
    expect(installed).toContain('express')
    for (const name of ['typescript', 'vitest', '@biomejs', 'tsx']) expect(installed).not.toContain(name)
  })

  test('the controller is what it starts, as a user who is not root, on a read-only file system', async () => {
    expect(image.command).toEqual(['node', 'dist/controller/main.js'])
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    const output = start(image, image.command, { CONTROLLER_PORT: '0' })

    await eventually(() => output().includes('controller listens'), 20_000)
  })

  test.each(['http', 'grpc'])('the proxy starts over %s', async (protocol) => {
    const output = start(image, ['node', 'dist/proxy/main.js'], {
      FUNC_CONTEXT: funcContext,
      APP_PROTOCOL: protocol,
      PROXY_PORT: '0',
      PROXY_ADMIN_PORT: '0',
      PROXY_DISCOVERY: 'static:127.0.0.1:1',
    })

    await eventually(() => output().includes('"message":"listening"'), 20_000)
  })
})

/** In a mount namespace of its own, so that the mount goes with the process. */
function start({ folder, user }: Image, command: readonly string[], env: Record<string, string>): () => string {
  const [uid, gid] = user.split(':')
  const script = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && ! touch x 2>/dev/null \
    && exec setpriv --reuid=${uid} --regid=${gid} --clear-groups "$@"`
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, folder, ...command], {
    env: { PATH: process.env.PATH, ...env },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  child.stderr.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  return () => output
}
