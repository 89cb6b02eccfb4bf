// There is no container engine: an image's name says which command of this repository stands for it.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { paths, product } from '../rig/paths.ts'
import type { Container } from './pod-spec.ts'

export interface ImageContents {
  /** What the image starts when the container names no command. */
  readonly entrypoint: readonly string[]
  /** The ENV lines of the image; the container's own env wins. */
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
}

type Maker = (container: Container, match: RegExpExecArray) => ImageContents

const node = process.execPath
const program = (file: string, env: Record<string, string> = {}): ImageContents => ({
  entrypoint: [node, file],
  env: { NODE_ENV: 'production', ...env },
  workingDir: product,
})

const table: readonly (readonly [RegExp, Maker])[] = [
  [
    /(?:^|\/)dapr-proxy(?:[:@]|$)/,
    (container) => program(`dist/${isProxy(container) ? 'proxy' : 'controller'}/main.js`),
  ],
  [
    // A function of ours in the framework: e2e/<source>:<version>, version and source visible to it.
    /^e2e\/([a-z0-9-]+):([a-z0-9.-]+)$/,
    (_, match) => functionOf(`${paths.functions}/${match[1]}.mjs`, { IMAGE_VERSION: match[2] ?? '' }),
  ],
  [
    // A program that brings its own server: e2e-app/<source>:<version>.
    /^e2e-app\/([a-z0-9-]+):([a-z0-9.-]+)$/,
    (_, match) => ({
      ...program(`${paths.functions}/${match[1]}.mjs`),
      env: { IMAGE_VERSION: match[2] ?? '' },
    }),
  ],
  // The proposal's sample; it only has to answer.
  [/^openfunctiondev\/sink-sample:/, () => functionOf(`${paths.functions}/greet.mjs`)],
  // The samples of the repository, as their own annotations say.
  [/^example\/([a-z0-9-]+):/, (_, match) => sample(match[1] ?? '')],
  [/(?:^|\/)metacontroller(?:[:@]|$)/, () => binary(process.env.METACONTROLLER_BIN ?? 'metacontroller')],
  [/(?:^|\/)coredns(?:[:@]|$)/, () => binary('coredns')],
]

export function imageContents(container: Container): ImageContents {
  for (const [pattern, make] of table) {
    const match = pattern.exec(container.image)
    if (match !== null) return make(container, match)
  }
  throw new Error(`image ${container.image} is not in the kubelet stand-in's table`)
}

function functionOf(source: string, env: Record<string, string> = {}, target = 'handler'): ImageContents {
  return program(`dist/framework/main.js`, { FUNCTION_SOURCE: source, FUNCTION_TARGET: target, ...env })
}

function sample(name: string): ImageContents {
  const folder = `${product}/manifests/samples`
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.yaml'))) {
    const { metadata, spec } = parse(readFileSync(`${folder}/${file}`, 'utf8')) ?? {}
    const source: string | undefined = metadata?.annotations?.['dapr-proxy/source']
    if (source === undefined || !String(spec?.image).startsWith(`example/${name}:`)) continue
    const [path = '', target] = source.split('#')
    return functionOf(resolve(folder, path), {}, target)
  }
  throw new Error(`no sample of the repository has the image example/${name}`)
}

function binary(file: string): ImageContents {
  const entrypoint = [file.startsWith('/') ? file : `${paths.bin}/${file}`]
  return { entrypoint, env: {}, workingDir: '/' }
}

/** One image holds both programs: the command line or, without one, the container's name decides. */
function isProxy(container: Container): boolean {
  const words = [...(container.command ?? []), ...(container.args ?? [])].join(' ')
  if (/controller\/main/.test(words)) return false
  return /proxy\/main/.test(words) || container.name === 'dapr-proxy'
}
