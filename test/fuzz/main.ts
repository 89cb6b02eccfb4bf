// The long form of fuzz.test.ts: `make fuzz FOR=1000000`.

import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Choices } from './choices.ts'
import { joined, missed, reachedOf } from './coverage.ts'
import { targets } from './targets.ts'
import type { Order, Progress, Report } from './worker.ts'

const usage = `Usage: make fuzz [FOR=cases] [TARGET=name] [SEED=number] [MISSED=1] [INPUT=hex]

Tries everything of ours that parses bytes from outside with any bytes. An input that reaches code that no other one has
reached (V8 counts it) is kept, and most others are made out of those.

  FOR      cases of each target; default 100000
  TARGET   one target, or several that begin with it: ${targets.map(({ name }) => name).join(', ')}
  SEED     chance that can be had again; default: the time
  MISSED   shows the code that was never reached
  INPUT    runs one input of TARGET and no more, as a failure names it

Ends with a table, and with 1 if a case threw, took ten seconds or left memory behind.
`

const { values } = parseArgs({
  options: {
    for: { type: 'string' },
    target: { type: 'string', default: '' },
    seed: { type: 'string' },
    input: { type: 'string' },
    missed: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** A case takes microseconds. */
const hangMs = 10_000
/** Above what is held after the first twentieth of all cases, the kept inputs included. */
const mostMoreBytes = 24 * 1024 * 1024
const mostInputBytes = 4096

const folders = { http: '/src/h1/', http2: '/src/h2/' }

/** A thread does not take tsx from the command line of its process. */
const startTypeScript = `import('tsx/esm/api').then(({ register }) => {
  register()
  return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)})
})`

async function runOne(name: string, cases: number, seed: number): Promise<Line> {
  const target = targets.find((each) => each.name === name) as (typeof targets)[0]
  const shared = new SharedArrayBuffer(8 + mostInputBytes)
  const counter = new Int32Array(shared, 0, 2)
  const order: Order = { name, folder: folders[target.part], cases, seed, shared }
  const startedMs = Date.now()
  const heaps: number[] = []
  const worker = new Worker(startTypeScript, { eval: true, workerData: order })
  const report = await new Promise<Report>((resolve, reject) => {
    let last = -1
    const watch = setInterval(() => {
      if (counter[0] !== last) {
        last = counter[0] as number
        return
      }
      const input = Buffer.from(new Uint8Array(shared, 8, counter[1])).toString('hex')
      reject(new Error(`${name} hangs for the input ${input}`))
    }, hangMs)
    worker.on('message', (message: Progress | { report: Report }) => {
      if ('report' in message) {
        clearInterval(watch)
        resolve(message.report)
        return
      }
      if (message.done > cases / 20) heaps.push(message.heap)
      process.stderr.write(`${name}: ${progressText(message, startedMs)}\n`)
    })
    worker.on('error', reject)
  })
  await worker.terminate()
  const growth = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0)
  return { name, report, growth, seconds: (Date.now() - startedMs) / 1000 }
}

interface Line {
  readonly name: string
  readonly report: Report
  readonly growth: number
  readonly seconds: number
}

const percent = (part: number, of: number) => `${((100 * part) / Math.max(1, of)).toFixed(1)} %`
const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

function progressText({ done, kept, reached, heap }: Progress, startedMs: number): string {
  const rate = Math.round((done * 1000) / (Date.now() - startedMs))
  return `${done} cases, ${rate}/s, ${kept} kept, ${percent(reached.characters, reached.ofCharacters)} of the code, ${mebibytes(heap)}`
}

function table(lines: readonly Line[]): string {
  const rows = [
    ['target', 'cases', 'seconds', 'kept', 'functions', 'code', 'memory', 'result'],
    ...lines.map(({ name, seconds, growth, report: { done, kept, reached, failure } }) => [
      ...[name, String(done), seconds.toFixed(0), String(kept), `${reached.functions}/${reached.ofFunctions}`],
      ...[percent(reached.characters, reached.ofCharacters), `+${mebibytes(Math.max(0, growth))}`],
      failure !== undefined ? 'FAILS' : growth > mostMoreBytes ? 'GROWS' : 'ok',
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length))) ?? []
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] as number)).join('  ')).join('\n')
}

function tellOfPart(part: keyof typeof folders, lines: readonly Line[]): void {
  const ofPart = lines.filter(({ name }) => targets.some((target) => target.name === name && target.part === part))
  if (ofPart.length === 0) return
  const scripts = joined(ofPart.map(({ report }) => report.seen))
  const { functions, ofFunctions, characters, ofCharacters } = reachedOf([...scripts.values()])
  const cases = ofPart.reduce((sum, { report }) => sum + report.done, 0)
  const code = `${functions} of ${ofFunctions} functions, ${percent(characters, ofCharacters)} of the code`
  process.stdout.write(`${folders[part]}: ${cases} cases, ${code}\n`)
  if (values.missed) process.stdout.write(`never reached:\n  ${missed(scripts).join('\n  ')}\n`)
}

async function main(): Promise<number> {
  const wanted = targets.filter(({ name }) => name.toLowerCase().startsWith(values.target.toLowerCase()))
  const cases = Number(values.for ?? 100_000)
  const seed = Number(values.seed ?? Date.now() % 2 ** 31)
  if (wanted.length === 0 || !Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) {
    process.stderr.write(usage)
    return 2
  }
  if (values.input !== undefined) {
    wanted[0]?.run(new Choices(Buffer.from(values.input, 'hex')))
    process.stdout.write('it passes\n')
    return 0
  }
  process.stderr.write(`seed ${seed}\n`)
  const lines: Line[] = []
  for (const { name } of wanted) lines.push(await runOne(name, cases, seed))
  process.stdout.write(`${table(lines)}\n`)
  for (const { report } of lines) if (report.failure !== undefined) process.stdout.write(`\n${report.failure}\n`)
  for (const part of ['http', 'http2'] as const) tellOfPart(part, lines)
  const isFine = lines.every(({ report, growth }) => report.failure === undefined && growth <= mostMoreBytes)
  return isFine ? 0 : 1
}

if (values.help) process.stdout.write(usage)
else {
  process.exitCode = await main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`)
    return 1
  })
  process.exit()
}
