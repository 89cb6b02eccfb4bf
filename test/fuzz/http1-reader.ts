// The reader of HTTP/1.1: what is told of the same bytes is the same however they are split.

import { announcedFraming, hasNoBody, noBody, requestFraming } from '../../src/h1/framing.ts'
import { parseHead } from '../../src/h1/head.ts'
import { Malformed } from '../../src/h1/malformed.ts'
import { MessageReader } from '../../src/h1/reader.ts'
import { parseRequestLine, parseStatusLine } from '../../src/h1/start-line.ts'
import type { Choices } from './choices.ts'
import { piece } from './http1-messages.ts'
import type { Target } from './loop.ts'

type Kind = 'request' | 'response'

const maxHeadBytes = 2000

function told(kind: Kind, pieces: readonly Buffer[]): string {
  let text = ''
  let body = ''
  const reader = new MessageReader(
    {
      head({ startLine, fields }) {
        text += `head ${startLine} ${fields.join('|')}\n`
        if (kind === 'request') return requestFraming(fields, parseRequestLine(startLine).isHttp10)
        const { status } = parseStatusLine(startLine)
        if (status < 200) return 'interim'
        return hasNoBody('GET', status) ? noBody : announcedFraming('GET', status, fields)
      },
      data(bytes) {
        body += bytes.toString('latin1')
      },
      end(trailers) {
        text += `body ${body} trailers ${trailers.join('|')}\n`
        body = ''
      },
    },
    parseHead,
    maxHeadBytes,
  )
  try {
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.length; ) {
        const next = reader.read(bytes, at)
        if (next <= at) throw new Error('it stands still')
        at = next
      }
    }
    return text + (reader.close() ? 'whole' : `cut ${body}`)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    // How much of a body came before the fault may differ with the split.
    return `${text}malformed`
  }
}

export const http1Reader: Target = {
  name: 'HTTP/1.1 reader',
  part: 'http',
  run(choices: Choices) {
    const kind = choices.pick<Kind>(['request', 'response'])
    const sizes = [1 + choices.below(7), 1 + choices.below(60)]
    const pieces: Buffer[] = []
    while (!choices.isOver && pieces.length < 20) pieces.push(piece(kind, choices))
    const bytes = Buffer.concat(pieces)
    const parts: Buffer[] = []
    for (let at = 0, i = 0; at < bytes.length; i += 1) {
      const size = sizes[i % 2] as number
      parts.push(bytes.subarray(at, at + size))
      at += size
    }
    const [asOne, inParts] = [told(kind, [bytes]), told(kind, parts)]
    if (asOne !== inParts) throw new Error(`in parts:\n${inParts}\nin one piece:\n${asOne}`)
  },
}
