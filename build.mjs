// Compiles src to dist, from nothing, and makes the commands executable.

import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const file of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin)) chmodSync(file, 0o755)
