// When a cron binding is due: `@every 1s`, or a line of five or six fields (the sixth, in front, is seconds).

/** The next time after the given one, both in milliseconds since 1970; undefined if there is none within four years. */
export type Schedule = (afterMs: number) => number | undefined

const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** Undefined if the text is no schedule. Times are local. */
export function parseSchedule(text: string): Schedule | undefined {
  const line = shorthands[text.trim()] ?? text.trim()
  const every = /^@every\s+((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/.exec(line)
  if (every) return everyMs(durationMs(every[1] ?? ''))
  const fields = line.split(/\s+/)
  if (fields.length === 5) fields.unshift('0')
  return fields.length === 6 ? cronLine(fields) : undefined
}

function everyMs(durationMs: number): Schedule {
  // Whole milliseconds, at least one: that is what a cron binding makes of it.
  const stepMs = Math.max(1, Math.floor(durationMs))
  return (afterMs) => afterMs + stepMs
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `1m30s` → 90000 */
function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  return parts.reduce((sum, [, value, unit = '']) => sum + Number(value) * (unitMs[unit] ?? 0), 0)
}

const ranges: readonly (readonly [number, number])[] = [
  [0, 59], // second
  [0, 59], // minute
  [0, 23], // hour
  [1, 31], // day of the month
  [1, 12], // month
  [0, 7], // day of the week; 0 and 7 are Sunday
]

const daysAhead = 4 * 366

function cronLine(fields: readonly string[]): Schedule | undefined {
  const sets = fields.map((field, index) => parseField(field, ranges[index] ?? [0, 0]))
  const [seconds, minutes, hours, days, months, weekdays] = sets
  if (!seconds || !minutes || !hours || !days || !months || !weekdays) return undefined
  if (weekdays.has(7)) weekdays.add(0)
  const isAny = (index: number) => /^[*?]/.test(fields[index] ?? '')
  // Cron's own rule: where both days are given, either will do.
  const isDay = (date: Date) => {
    const [ofMonth, ofWeek] = [days.has(date.getDate()), weekdays.has(date.getDay())]
    return isAny(3) || isAny(5) ? ofMonth && ofWeek : ofMonth || ofWeek
  }
  const times = [...hours].flatMap((h) => [...minutes].flatMap((m) => [...seconds].map((s) => [h, m, s] as const)))
  return (afterMs) => {
    const from = new Date(afterMs)
    for (let ahead = 0; ahead < daysAhead; ahead += 1) {
      const day = new Date(from.getFullYear(), from.getMonth(), from.getDate() + ahead)
      if (!months.has(day.getMonth() + 1) || !isDay(day)) continue
      const due = times.map(([h, m, s]) => new Date(day).setHours(h, m, s)).filter((time) => time > afterMs)
      if (due.length > 0) return due.reduce((a, b) => Math.min(a, b))
    }
    return undefined
  }
}

/** `1,5-10,30` → the numbers it stands for; undefined if it is none of these. */
function parseField(field: string, range: readonly [number, number]): Set<number> | undefined {
  const parts = field.split(',').map((part) => parsePart(part, range))
  return parts.some((part) => part === undefined) ? undefined : new Set(parts.flatMap((part) => part ?? []))
}

function parsePart(part: string, [min, max]: readonly [number, number]): number[] | undefined {
  const match = /^(?:[*?]|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part)
  if (!match) return undefined
  const [, first, last, step] = match
  const from = Number(first ?? min)
  // `5/15` runs to the end of the range, `5` alone is one number.
  const openEnd = first === undefined || step !== undefined ? max : from
  const to = Number(last ?? openEnd)
  if (from < min || to > max || from > to || step === '0') return undefined
  const length = Math.floor((to - from) / Number(step ?? 1)) + 1
  return Array.from({ length }, (_, index) => from + index * Number(step ?? 1))
}
