// What a process has used so far, as Linux counts it.

import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds that all threads together ran, and waited for a core, as the scheduler counts them in nanoseconds. */
export function cpuMicros(pid: number): { readonly ran: number; readonly waited: number } {
  const threads = readdirSync(`/proc/${pid}/task`).map((id) => read(`/proc/${pid}/task/${id}/schedstat`).split(' '))
  const sum = (column: number): number => threads.reduce((total, fields) => total + Number(fields[column]), 0) / 1000
  return { ran: sum(0), waited: sum(1) }
}

/** Microseconds that all cores together were busy, for whomever. Linux counts them in hundredths of a second. */
export function machineMicros(): number {
  const [user, nice, system, , , irq, softirq, steal] = (/^cpu +(.*)/.exec(read('/proc/stat'))?.[1] ?? '')
    .split(' ')
    .map(Number)
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, each) => sum + (each ?? 0) * 10_000, 0)
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1]) / 1024
}

const read = (file: string): string => readFileSync(file, 'utf8')
