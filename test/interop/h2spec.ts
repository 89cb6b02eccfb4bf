// h2spec against the port that daprd speaks to: how much of RFC 9113 and RFC 7541 is kept, and what is not on purpose.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Check } from './check.ts'
import { programs } from './programs.ts'

/** Failures that the RFCs ask for, by what h2spec calls the case. h2spec goes by the RFCs 7540 and 7541 of 2015. */
const tolerated: Readonly<Record<string, string>> = {
  'Sends a dynamic table size update':
    'it asks for a table of 128 bytes after it has acknowledged one of 0: a decoding error by RFC 7541 §6.3',
  'Sends multiple dynamic table size update':
    'it asks for a table of 4,096 bytes after it has acknowledged one of 0: a decoding error by RFC 7541 §6.3',
}

const least = 143
const all = 145

interface Case {
  readonly section: string
  readonly title: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
}

export function runH2spec(port: number, say: (line: string) => void): Check[] {
  const folder = mkdtempSync(join(tmpdir(), 'h2spec-'))
  const file = join(folder, 'report.xml')
  const args = ['-p', String(port), '-P', '/interop.Echo/Each', '--timeout', '4', '--junit-report', file]
  const { stdout } = spawnSync(programs.h2spec, args, { encoding: 'utf8' })
  const report = existsSync(file) ? readFileSync(file, 'utf8') : ''
  rmSync(folder, { recursive: true })
  const cases = readCases(report)
  const passed = cases.filter(({ outcome }) => outcome === 'passed').length
  for (const { section, title, outcome } of cases.filter((each) => each.outcome !== 'passed')) {
    say(`  h2spec ${outcome}: ${section} ${title}${title in tolerated ? ` (as it must be: ${tolerated[title]})` : ''}`)
  }
  const unexplained = cases.filter(({ outcome, title }) => outcome !== 'passed' && !(title in tolerated))
  const name = `h2spec passes ${passed} of ${cases.length}`
  if (cases.length !== all) return [{ name, problem: `${all} cases should have run:\n${stdout.slice(-500)}` }]
  if (passed < least) return [{ name, problem: `at least ${least} must pass` }]
  if (unexplained.length > 0)
    return [{ name, problem: `no RFC explains ${unexplained.map(({ title }) => title).join('; ')}` }]
  return [{ name }]
}

/** `<testcase package="http2/6.9.1" classname="Sends …" time="0.1"></testcase>`, with an element inside if it did not pass. */
function readCases(report: string): Case[] {
  const found = report.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs)
  return [...found].map(([, section = '', title = '', inside = '']) => {
    const outcome = inside.trim() === '' ? 'passed' : inside.includes('<skipped') ? 'skipped' : 'failed'
    return { section, title: title.replaceAll('&#34;', '"'), outcome }
  })
}
