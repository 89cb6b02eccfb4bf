// Memory that a read lands in, and that the next read lands in again.

/** What a read of so many bytes has brought: a view that is made once for reads in a row that are equally long, as most replies are. */
export function viewsOf(landing: Buffer): (length: number) => Buffer {
  let last = landing
  return (length) => {
    if (last.length !== length) last = landing.subarray(0, length)
    return last
  }
}
