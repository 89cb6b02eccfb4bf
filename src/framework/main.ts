#!/usr/bin/env node
// Runs one function: `dapr-function --source ./fn.js --target handler`.

import { readFileSync } from 'node:fs'
import { run } from '../shared/lifecycle.ts'
import { createLog, lineWriter } from '../shared/log.ts'
import { helpText, parseCommandLine } from './command-line.ts'
import { parseConfig } from './config.ts'
import { watchFaults } from './faults.ts'
import { startFramework } from './framework.ts'

const { argv, env, stdout, stderr } = process
// The function's own console.log has stdout to itself.
const log = createLog(lineWriter(stderr))

const readText = (path: string) => readFileSync(path, 'utf8')

const commandLine = parseCommandLine(argv.slice(2), env)
if (commandLine.kind === 'help') {
  stdout.write(helpText)
} else if (commandLine.kind === 'wrong') {
  stderr.write(commandLine.message)
  process.exitCode = 2
} else {
  let exitCode = 0
  watchFaults(process, log, () => {
    exitCode = 1
    process.kill(process.pid, 'SIGTERM')
  })
  const edge = {
    on: (signal: 'SIGTERM' | 'SIGINT', listener: () => void) => process.on(signal, listener),
    exit: (code: number) => process.exit(code || exitCode),
    stderr,
  }
  await run(edge, log, () => startFramework(parseConfig(commandLine.env, process.cwd(), readText), log))
}
