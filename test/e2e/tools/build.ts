// Builds the counterparts into the cache folder, one line each, skipping what is already there.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { paths, suite } from '../rig/paths.ts'
import { type Tool, tools } from './catalogue.ts'

/** Builds the named tools (all of them by default); throws with the compiler's words when one fails. */
export function buildTools(names: readonly string[] = tools.map((tool) => tool.name)): void {
  mkdirSync(paths.bin, { recursive: true })
  for (const name of names) {
    const tool = tools.find((candidate) => candidate.name === name)
    if (tool === undefined) throw new Error(`no such tool: ${name}`)
    build(tool)
  }
}

function build(tool: Tool): void {
  const folder = `${suite}/tools/${tool.module}`
  const binary = `${paths.bin}/${tool.name}`
  const key = cacheKey(tool, folder)
  if (existsSync(binary) && read(`${binary}.key`) === key) {
    console.log(`e2e-tools: ${tool.name} is there`)
    return
  }
  requireGo()
  const started = Date.now()
  process.stdout.write(`e2e-tools: ${tool.name} … `)
  rmSync(`${binary}.key`, { force: true })
  const args = ['build', '-mod=readonly', ...tool.flags, '-o', binary, tool.package]
  const env = { ...process.env, CGO_ENABLED: '0' }
  const result = spawnSync('go', args, { cwd: folder, env, encoding: 'utf8' })
  if (result.status !== 0) {
    process.stdout.write('failed\n')
    throw new Error(`go ${args.join(' ')} in ${folder}:\n${result.stderr}`)
  }
  if (tool.companion !== undefined) {
    const list = ['list', '-m', '-f', '{{.Dir}}', tool.companion.module]
    const source = execFileSync('go', list, { cwd: folder, encoding: 'utf8' }).trim()
    rmSync(`${paths.bin}/${tool.companion.as}`, { force: true })
    copyFileSync(`${source}/${tool.companion.file}`, `${paths.bin}/${tool.companion.as}`)
  }
  writeFileSync(`${binary}.key`, key)
  process.stdout.write(`${Math.round((Date.now() - started) / 1000)} s\n`)
}

function cacheKey(tool: Tool, folder: string): string {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(`${folder}/${file}`))
  return hash.update(JSON.stringify([tool.package, tool.flags])).digest('hex')
}

function read(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function requireGo(): void {
  if (spawnSync('go', ['version']).status === 0) return
  throw new Error('Go 1.26 or later is needed to build the counterparts; `go` is not on the PATH')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    buildTools(process.argv.length > 2 ? process.argv.slice(2) : undefined)
  } catch (error) {
    console.error(`e2e-tools: ${(error as Error).message}`)
    process.exitCode = 1
  }
}
