import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startChild, tethered } from './child-process.ts'

function start(script: string) {
  const lines: string[] = []
  const program = { name: 'child', command: process.execPath, args: ['-e', script], env: {} }
  const child = startChild(program, (line) => lines.push(line))
  onTestFinished(() => child.kill())
  return { child, lines }
}

const stays = 'setInterval(() => {}, 1000); console.log("up")'

describe('startChild', () => {
  test('passes on each line of both outputs, and says how it ended', async () => {
    const { child, lines } = start('console.log("a\\nb"); console.error("c"); process.exitCode = 3')

    expect(await child.ended).toBe('ended with exit code 3')
    await vi.waitFor(() => expect(lines.toSorted()).toEqual(['a', 'b', 'c']))
  })

  test('stops on SIGTERM, of which it has nothing to say', async () => {
    const { child, lines } = start(stays)
    await vi.waitFor(() => expect(lines).toEqual(['up']))

    await child.stop(10_000)

    expect(await child.ended).toBeUndefined()
    expect(child.hasEnded()).toBe(true)
  })

  test('is killed if it does not stop in time', async () => {
    const { child, lines } = start(`process.on('SIGTERM', () => {}); ${stays}`)
    await vi.waitFor(() => expect(lines).toEqual(['up']))

    await child.stop(50)

    expect(child.hasEnded()).toBe(true)
  })

  test('a command that does not exist is said to be so', async () => {
    const child = startChild({ name: 'x', command: '/nowhere/daprd', args: [], env: {} }, () => {})

    expect(await child.ended).toContain('could not be started')
  })
})

test('a tethered program ends when the one that started it is killed', async () => {
  const script = `
    const { spawn } = require('node:child_process')
    const args = ${JSON.stringify([...tethered('-').slice(0, 2), '-e', stays])}
    const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    child.stdout.once('data', () => console.log(child.pid))
  `
  const parent: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [bytes] = (await once(parent.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const pid = Number(bytes.toString())
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  expect(isAlive(pid)).toBe(true)

  parent.kill('SIGKILL')

  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5000)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
