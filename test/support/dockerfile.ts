// Does what a Dockerfile says without a container engine: enough of it for ours, and an error for anything else.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface Image {
  /** What WORKDIR of the last stage holds. */
  readonly folder: string
  readonly user: string
  readonly command: readonly string[]
}

/** Each stage is a folder below `target`; FROM's own content is this machine's Node. `context` is the build context. */
export function buildImage(text: string, context: string, target: string): Image {
  const stages = new Map<string, string>()
  let folder = target
  let user = ''
  let command: string[] = []
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    const [instruction = '', ...words] = line.split(' ')
    switch (instruction) {
      case 'FROM':
        folder = join(target, words[2] ?? 'final')
        stages.set(words[2] ?? 'final', folder)
        mkdirSync(folder, { recursive: true })
        break
      case 'COPY':
        copy(words, folder, (stage) => stages.get(stage) ?? context, context)
        break
      case 'RUN':
        execFileSync('sh', ['-c', words.join(' ')], { cwd: folder, stdio: 'pipe' })
        break
      case 'USER':
        user = words[0] ?? ''
        break
      case 'CMD':
        command = JSON.parse(words.join(' ')) as string[]
        break
      case 'ARG':
      case 'ENV':
      case 'WORKDIR':
        break
      default:
        throw new Error(`cannot do ${instruction}`)
    }
  }
  return { folder, user, command }
}

function copy(words: readonly string[], folder: string, stageOf: (name: string) => string, context: string): void {
  const [first = '', ...rest] = words
  const from = first.startsWith('--from=') ? stageOf(first.slice('--from='.length)) : context
  const paths = first.startsWith('--from=') ? rest : words
  const destination = paths.at(-1) as string
  for (const path of paths.slice(0, -1)) {
    const source = path.replace(/^\/app\//, '')
    const isFolderTarget = destination.endsWith('/')
    cpSync(join(from, source), join(folder, isFolderTarget ? basename(source) : destination), { recursive: true })
  }
}
