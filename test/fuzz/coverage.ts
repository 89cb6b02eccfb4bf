// Which code has run, as V8 counts it block by block.

import { type Profiler, Session } from 'node:inspector'

export interface Reached {
  readonly functions: number
  readonly ofFunctions: number
  /** Characters of code, in functions, that have run; of all of them. */
  readonly characters: number
  readonly ofCharacters: number
}

/** Code that has run. */
export type Growth = readonly {
  readonly script: Script
  readonly ran: Uint8Array
  readonly functions: readonly string[]
}[]

interface Script extends Omit<Seen, 'source'> {
  readonly scriptId: string
}

export interface Seen {
  /** 1: has run. */
  readonly seen: Uint8Array
  /** 1: belongs to a function. */
  readonly code: Uint8Array
  /** By name and place: whether it has run. */
  readonly functions: Map<string, boolean>
  readonly source: string
}

/** Costs some milliseconds each time that it is asked, so it is asked after many cases. */
export class Coverage {
  readonly #session = new Session()
  readonly #folder: string
  readonly #scripts = new Map<string, Script>()
  #isWatching = false

  /** Of the scripts in `folder`, such as `/src/h1/`. They must be loaded after this. */
  constructor(folder: string) {
    this.#folder = folder
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.watch(true)
  }

  /** Begins or ends to count. */
  watch(isWatching: boolean): void {
    if (isWatching === this.#isWatching) return
    this.#isWatching = isWatching
    if (isWatching) this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    else this.#session.post('Profiler.stopPreciseCoverage')
  }

  /** The code that has run since it was last asked and had never run before; undefined if there is none. It counts as new until `add`. */
  look(): Growth | undefined {
    const growth = this.#take().flatMap((script) => this.#grown(script))
    return growth.length > 0 ? growth : undefined
  }

  add(growth: Growth): void {
    for (const { script, ran, functions } of growth) {
      for (let i = 0; i < ran.length; i += 1) (script.seen[i] as number) |= ran[i] as number
      for (const name of functions) script.functions.set(name, true)
    }
  }

  /** What is known of each script, by the name of its file. */
  seen(): Map<string, Seen> {
    this.#session.post('Debugger.enable')
    return new Map(
      [...this.#scripts].map(([url, { seen, code, functions, scriptId }]) => {
        let source = ''
        this.#session.post('Debugger.getScriptSource', { scriptId }, (_error, { scriptSource }) => {
          source = scriptSource
        })
        return [url.slice(url.lastIndexOf('/') + 1), { seen, code, functions, source }]
      }),
    )
  }

  reached(): Reached {
    return reachedOf([...this.#scripts.values()])
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let scripts: readonly Profiler.ScriptCoverage[] = []
    // To a session of its own thread the answer comes before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error) throw error
      scripts = result
    })
    return scripts.filter(({ url }) => url.includes(this.#folder))
  }

  #grown({ url, scriptId, functions }: Profiler.ScriptCoverage): Growth {
    const script = this.#scriptOf(url, scriptId, functions)
    if (script === undefined) return []
    const { seen, code } = script
    const ran = new Uint8Array(seen.length)
    const names: string[] = []
    // Outer functions and ranges come before those within them.
    for (const { functionName, ranges } of functions) {
      const [whole] = ranges
      if (whole === undefined || whole.startOffset === 0) continue
      const name = `${functionName}:${whole.startOffset}`
      if (whole.count > 0) names.push(name)
      if (!script.functions.has(name)) script.functions.set(name, false)
      code.fill(1, whole.startOffset, whole.endOffset)
      for (const { startOffset, endOffset, count } of ranges) ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
    }
    return ran.some((hasRun, i) => hasRun > (seen[i] as number)) ? [{ script, ran, functions: names }] : []
  }

  /** Undefined until its length is known: the script itself is a function that has run once. */
  #scriptOf(url: string, scriptId: string, functions: readonly Profiler.FunctionCoverage[]): Script | undefined {
    const known = this.#scripts.get(url)
    if (known !== undefined) return known
    const length = functions.find(({ ranges }) => ranges[0]?.startOffset === 0)?.ranges[0]?.endOffset
    if (length === undefined) return undefined
    const script = { seen: new Uint8Array(length), code: new Uint8Array(length), functions: new Map(), scriptId }
    this.#scripts.set(url, script)
    return script
  }
}

export function reachedOf(scripts: readonly Omit<Seen, 'source'>[]): Reached {
  const sum = { functions: 0, ofFunctions: 0, characters: 0, ofCharacters: 0 }
  for (const { seen, code, functions } of scripts) {
    for (const hasRun of functions.values()) {
      sum.ofFunctions += 1
      if (hasRun) sum.functions += 1
    }
    for (let i = 0; i < code.length; i += 1) {
      sum.ofCharacters += code[i] as number
      sum.characters += (code[i] as number) & (seen[i] as number)
    }
  }
  return sum
}

/** What several have seen of the same scripts. */
export function joined(parts: readonly ReadonlyMap<string, Seen>[]): Map<string, Seen> {
  const all = new Map<string, Seen>()
  for (const [file, { seen, code, functions, source }] of parts.flatMap((part) => [...part])) {
    const known = all.get(file) ?? { seen: seen.slice(), code: code.slice(), functions: new Map(), source }
    all.set(file, known)
    for (let i = 0; i < seen.length; i += 1) {
      ;(known.seen[i] as number) |= seen[i] as number
      ;(known.code[i] as number) |= code[i] as number
    }
    for (const [name, hasRun] of functions) known.functions.set(name, hasRun || known.functions.get(name) === true)
  }
  return all
}

/** Pieces of code that have never run, each with its file. */
export function missed(scripts: ReadonlyMap<string, Seen>): string[] {
  return [...scripts].flatMap(([file, { seen, code, source }]) => {
    const pieces: string[] = []
    for (let i = 0; i < code.length; i += 1) {
      const start = i
      while (i < code.length && code[i] === 1 && seen[i] === 0) i += 1
      const text = source.slice(start, i).replace(/\s+/g, ' ').trim()
      if (text.length > 2) pieces.push(`${file}: ${text}`)
    }
    return pieces
  })
}
