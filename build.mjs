// Compiles src to dist, from nothing, and makes the commands executable.

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
// The one file that is sent as it is.
copyFileSync('src/proxy/admin/page.html', 'dist/proxy/admin/page.html')
for (const file of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin)) chmodSync(file, 0o755)
