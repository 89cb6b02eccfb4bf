// Runs the functions framework as the process that it is, on a free port.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export const fixture = (name: string) => `${root}/test/fixtures/functions/${name}`

export interface FunctionOptions {
  /** File of the fixtures and, after a `#`, its export. */
  readonly source: string
  readonly context?: object
  readonly env?: Readonly<Record<string, string>>
  /** More arguments for Node itself. */
  readonly nodeArgs?: readonly string[]
}

export interface RunningFunction {
  readonly port: number
  readonly url: string
  readonly child: ChildProcess
  /** All that it printed by itself, line by line. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  /** Ends it with SIGTERM; resolves to its exit code. */
  stop(): Promise<number | null>
}

const running = new Set<ChildProcess>()

/** For afterEach: nothing outlives its test. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

export function spawnFunction({ source, context, env, nodeArgs = [] }: FunctionOptions) {
  const [file = '', target] = source.split('#')
  const args = ['--import', 'tsx', ...nodeArgs, 'src/framework/main.ts', '--source', fixture(file)]
  const child = spawn(process.execPath, [...args, ...(target ? ['--target', target] : [])], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      FUNCTION_HOST: '127.0.0.1',
      ...(context && { FUNC_CONTEXT: JSON.stringify({ name: 'f', runtime: 'Async', ...context }) }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const exited = once(child, 'exit').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return { child, exited, stdout: lines(child.stdout), stderr: lines(child.stderr) }
}

export async function startFunction(options: FunctionOptions): Promise<RunningFunction> {
  const { child, exited, stdout, stderr } = spawnFunction(options)
  const serving = await until(() => {
    if (child.exitCode !== null) throw new Error(`exit ${child.exitCode}:\n${stderr.join('\n')}`)
    return stderr.find((line) => line.includes('"serving"'))
  })
  const { port } = JSON.parse(serving) as { port: number }
  const stop = () => {
    child.kill('SIGTERM')
    return exited
  }
  return { port, url: `http://127.0.0.1:${port}`, child, stdout, stderr, stop }
}

/** Resolves to what `look` finds, once it finds something. */
export async function until<T>(look: () => T | undefined | false, limitMs = 20_000): Promise<T> {
  const endMs = performance.now() + limitMs
  while (performance.now() < endMs) {
    const found = look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`nothing after ${limitMs} ms: ${look}`)
}

function lines(stream: NodeJS.ReadableStream): string[] {
  const found: string[] = []
  let rest = ''
  stream.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    found.push(...parts)
  })
  return found
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: isRaw ? (body as string) : JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
