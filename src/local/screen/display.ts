// The screen of a run: lines that stay, and below them, on a terminal, a table that is drawn anew.

import type { Output } from '../edge.ts'

export interface Display {
  /** A line that stays. */
  print(line: string): void
  /** The table below; without a terminal it is not shown. */
  draw(lines: readonly string[]): void
  /** Takes the table away. */
  clear(): void
}

const esc = '\u001b'

export function createDisplay(output: Output): Display {
  let drawn = 0
  let table: readonly string[] = []
  const erase = () => (drawn === 0 ? '' : `${esc}[${drawn}A${esc}[J`)
  const redraw = (before: string) => {
    // A line longer than the terminal would wrap, and the way back up would be wrong.
    const width = output.columns || 80
    const text = table.map((row) => `${row.slice(0, width - 1)}\n`).join('')
    output.write(`${erase()}${before}${text}`)
    drawn = table.length
  }
  return {
    print: (line) => redraw(`${line}\n`),
    draw(lines) {
      if (output.isTTY !== true) return
      table = lines
      redraw('')
    },
    clear() {
      table = []
      if (drawn > 0) redraw('')
    },
  }
}

/** A line of a process's output behind its name; a JSON record as its message and fields. */
export function logLine(name: string, line: string): string {
  return `${name} | ${readable(line)}`
}

function readable(line: string): string {
  if (!line.startsWith('{"time":')) return line
  try {
    const { time: _time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>
    const rest = Object.entries(fields).map(([key, value]) => `${key}=${String(value)}`)
    return [...(level === 'info' ? [] : [`${level}:`]), String(message), ...rest].join(' ')
  } catch {
    return line
  }
}
