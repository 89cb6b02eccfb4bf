// Samples in, figures out: medians, and ratios that compare only what was measured in the same round.

export interface Figure {
  readonly median: number
  /** The smallest and the largest of the rounds. */
  readonly spread: readonly [number, number]
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

export function figure(values: readonly number[]): Figure {
  return { median: median(values), spread: [Math.min(...values), Math.max(...values)] }
}

/** Of each round its own ratio, so that a machine that is slow for a while is slow for both. */
export function ratio(ours: readonly number[], theirs: readonly number[]): Figure {
  return figure(ours.map((value, round) => value / (theirs[round] as number)))
}
