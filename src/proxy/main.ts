#!/usr/bin/env node
// The proxy process: settings from the environment, started, and stopped by a signal.

import { readFileSync } from 'node:fs'
import { run } from '../shared/lifecycle.ts'
import { createLog, lineWriter } from '../shared/log.ts'
import { parseProxyConfig } from './config.ts'
import { help } from './help.ts'
import { startProxy } from './proxy.ts'

if (process.argv.includes('--help')) {
  process.stdout.write(help)
} else {
  const write = lineWriter(process.stdout)
  // Nothing is awaited here at the top, which CommonJS does not know (build.mjs).
  run(process, createLog(write), () => {
    const config = parseProxyConfig(process.env, (path) => readFileSync(path, 'utf8'))
    return startProxy(config, createLog(write, config.logLevel))
  })
}
