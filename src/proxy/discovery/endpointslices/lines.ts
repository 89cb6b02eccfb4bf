// Bytes into lines, however they were cut on their way. A line longer than the bound is an error, not memory.

const newline = 0x0a

/**
 * Returns what takes the next bytes; it calls `onLine` for each line that they complete, without its end.
 * Lines are decoded whole, so a character that arrives in two pieces stays one. Throws at a line of more than `maxBytes`.
 */
export function createLines(onLine: (line: string) => void, maxBytes: number): (bytes: Buffer) => void {
  let pieces: Buffer[] = []
  let length = 0
  const keep = (piece: Buffer) => {
    length += piece.length
    if (length > maxBytes) throw new Error(`a line of more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return (bytes) => {
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      keep(bytes.subarray(start, end))
      start = end + 1
      const line = Buffer.concat(pieces, length).toString()
      pieces = []
      length = 0
      if (line !== '') onLine(line)
    }
    if (start < bytes.length) keep(bytes.subarray(start))
  }
}
