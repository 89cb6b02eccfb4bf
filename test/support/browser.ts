// A real browser, where there is one.

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** The path of a Chromium; undefined if this machine has none. */
export const browser = (process.env.PATH ?? '')
  .split(':')
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((path) => existsSync(path))

// It looks for nothing outside this machine.
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-logging=stderr',
  // Its timers run ahead, and wait for what it has asked for.
  '--virtual-time-budget=3000',
]

export interface Rendered {
  /** The document after its scripts have run for a while. */
  readonly html: string
  /** What the page wrote to its console, refusals of its policy included. */
  readonly console: readonly string[]
}

export async function render(path: string, url: string): Promise<Rendered> {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'))
  try {
    const args = [...flags, `--user-data-dir=${profile}`, '--dump-dom', url]
    const { stdout, stderr } = await promisify(execFile)(path, args, { timeout: 90_000, maxBuffer: 16 * 1024 * 1024 })
    return { html: stdout, console: stderr.split('\n').filter((line) => line.includes('CONSOLE')) }
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
