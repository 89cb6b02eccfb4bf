// The events of the bench: unique ids, a known subset of which the function fails.

/** Every eleventh event. */
export const mustFail = (id: number): boolean => id % 11 === 0

/** An event of 1 KiB that begins with its id. */
export const eventOf = (id: number): Buffer => Buffer.from(`${id} `.padEnd(1024, 'x'))
