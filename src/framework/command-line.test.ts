import { expect, test } from 'vitest'
import { parseCommandLine } from './command-line.ts'

test('a flag overrides its variable', () => {
  const env = { FUNCTION_TARGET: 'a', PORT: '1', OTHER: 'kept' }

  const commandLine = parseCommandLine(['--target', 'b', '--source=./fn.js', '--signature-type', 'http'], env)

  expect(commandLine).toEqual({
    kind: 'run',
    env: {
      FUNCTION_TARGET: 'b',
      PORT: '1',
      OTHER: 'kept',
      FUNCTION_SOURCE: './fn.js',
      FUNCTION_SIGNATURE_TYPE: 'http',
    },
  })
})

test('help wins', () => {
  expect(parseCommandLine(['--help', '--port', 'x'], {}).kind).toBe('help')
})

test.each([[['--bogus']], [['positional']], [['--port']]])('%j is wrong use', (args) => {
  expect(parseCommandLine(args, {})).toMatchObject({ kind: 'wrong', message: expect.stringContaining('--help') })
})
