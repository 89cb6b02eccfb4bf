// What is thrown at bytes that are no HTTP/1.1, or more of it than anybody should send.

/** The connection that it came from is of no further use: where the next message begins is unknown. */
export class Malformed extends Error {
  /** What a server answers: 400, 413, 431, 501 or 505. */
  readonly status: number

  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}
