// As much of PromQL as our rules and panels use: enough to refuse what Prometheus would, and to say what an expression names.

export interface Selector {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[]
}

export interface Named {
  readonly selectors: readonly Selector[]
  /** Labels that something is grouped or matched by. */
  readonly groupings: readonly string[]
}

const aggregations = new Set(['sum', 'max', 'min', 'avg', 'count'])
const functions = new Set(['rate', 'increase', 'histogram_quantile'])
const needsRange = new Set(['rate', 'increase'])
const operators = new Set(['+', '-', '*', '/', '>', '<', '>=', '<=', '==', '!=', 'and', 'or', 'unless'])
const token = /\s*("(?:[^"\\]|\\.)*"|[a-zA-Z_:][\w:]*|\d+(?:\.\d+)?(?:[smhd])?|=~|!~|[<>=!]=|[-+*/<>=(){}[\],])/y

/** Throws an error that says where it is wrong. */
export function parsePromql(text: string): Named {
  const parser = new Parser(text)
  parser.expression()
  parser.expect(undefined)
  return parser
}

class Parser implements Named {
  readonly selectors: Selector[] = []
  readonly groupings: string[] = []
  readonly #text: string
  readonly #tokens: string[] = []

  constructor(text: string) {
    this.#text = text
    token.lastIndex = 0
    const rest = text.trimEnd()
    while (token.lastIndex < rest.length) {
      const at = token.lastIndex
      const match = token.exec(rest)
      if (match === null) throw new Error(`cannot read "${rest.slice(at)}"`)
      this.#tokens.push(match[1] as string)
    }
  }

  expression(): void {
    this.#operand()
    while (operators.has(this.#tokens[0] ?? '')) {
      this.#tokens.shift()
      if (this.#take('on')) this.#labelList()
      this.#operand()
    }
  }

  #operand(): void {
    const next = this.#tokens.shift() ?? ''
    if (next === '(') {
      this.expression()
      this.expect(')')
    } else if (aggregations.has(next)) this.#aggregation()
    else if (functions.has(next)) this.#call(next)
    else if (/^[a-zA-Z_:]/.test(next)) this.#selector(next)
    else if (!/^\d/.test(next)) throw this.#wrong(next)
  }

  #aggregation(): void {
    if (this.#take('by')) this.#labelList()
    this.expect('(')
    this.expression()
    this.expect(')')
  }

  #call(name: string): void {
    this.expect('(')
    if (name === 'histogram_quantile') {
      this.#operand()
      this.expect(',')
    }
    this.expression()
    if (needsRange.has(name)) {
      this.expect('[')
      const range = this.#tokens.shift() ?? ''
      if (!/^\d+[smhd]$/.test(range)) throw this.#wrong(range)
      this.expect(']')
    }
    this.expect(')')
  }

  #selector(metric: string): void {
    const matchers: { label: string; operator: string; value: string }[] = []
    if (this.#take('{')) {
      do {
        const label = this.#tokens.shift() ?? ''
        const operator = this.#tokens.shift() ?? ''
        const value = this.#tokens.shift() ?? ''
        if (!/^\w+$/.test(label) || !['=', '!=', '=~', '!~'].includes(operator) || !value.startsWith('"')) {
          throw this.#wrong(`${label}${operator}${value}`)
        }
        matchers.push({ label, operator, value: value.slice(1, -1) })
      } while (this.#take(','))
      this.expect('}')
    }
    this.selectors.push({ metric, matchers })
  }

  #labelList(): void {
    this.expect('(')
    do this.groupings.push(this.#tokens.shift() ?? '')
    while (this.#take(','))
    this.expect(')')
  }

  #take(wanted: string): boolean {
    if (this.#tokens[0] !== wanted) return false
    this.#tokens.shift()
    return true
  }

  /** `undefined` is the end. */
  expect(wanted: string | undefined): void {
    const next = this.#tokens.shift()
    if (next !== wanted) throw this.#wrong(next)
  }

  #wrong(what: string | undefined): Error {
    return new Error(`"${what ?? 'the end'}" is not what stands here in: ${this.#text}`)
  }
}
