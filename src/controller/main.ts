// The controller's process: reads configuration and schema, starts the webhook, stops it on a signal.

import { readFileSync } from 'node:fs'
import { run } from '../shared/lifecycle.ts'
import { createLog, lineWriter } from '../shared/log.ts'
import { readControllerConfig } from './config.ts'
import { help } from './help.ts'
import { compileShape } from './rules/schema.ts'
import { startController } from './server.ts'

// The same place from src/ and from dist/.
const definition = new URL('../../metacontroller/crd/functions.yaml', import.meta.url)
const write = lineWriter(process.stdout)

if (process.argv.includes('--help')) {
  process.stdout.write(help)
} else {
  await run(process, createLog(write), async () => {
    const config = readControllerConfig(process.env, (path) => readFileSync(path, 'utf8'))
    const checkShape = compileShape(readFileSync(definition, 'utf8'))
    return startController({ ...config, checkShape, log: createLog(write, config.logLevel) })
  })
}
