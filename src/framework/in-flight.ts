// Counts what is being handled, so that a process that stops can wait until it is quiet.

export interface InFlight {
  /** Counts one more; call what it returns when that one is done. */
  enter(): () => void
  /** Resolves when nothing has been in flight for `quietMs`, or after `limitMs`. */
  quiet(times: { readonly quietMs: number; readonly limitMs: number }): Promise<void>
}

export function createInFlight(): InFlight {
  let count = 0
  let onChange = () => {}
  return {
    enter() {
      count += 1
      onChange()
      return () => {
        count -= 1
        onChange()
      }
    },
    quiet: ({ quietMs, limitMs }) =>
      new Promise((resolve) => {
        let quietTimer: NodeJS.Timeout | undefined
        const limitTimer = setTimeout(() => finish(), limitMs)
        const finish = () => {
          clearTimeout(limitTimer)
          clearTimeout(quietTimer)
          onChange = () => {}
          resolve()
        }
        onChange = () => {
          clearTimeout(quietTimer)
          if (count === 0) quietTimer = setTimeout(finish, quietMs)
        }
        onChange()
      }),
  }
}
