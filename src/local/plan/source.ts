// Where the code of a Function is, when it runs on this machine.

import { dirname, resolve } from 'node:path'

export interface Source {
  /** Absolute path of a module, or of a folder with one. */
  readonly path: string
  /** The export to run; undefined leaves it to the framework's default. */
  readonly target?: string
}

export interface SourceHints {
  readonly name: string
  /** The file that the Function is in. */
  readonly file: string
  readonly annotation: string | undefined
  /** What the command line says, which wins; relative to `cwd`. */
  readonly flag: string | undefined
  readonly cwd: string
}

/** Undefined if neither the annotation nor the command line names it. */
export function sourceOf({ file, annotation, flag, cwd }: SourceHints): Source | undefined {
  if (flag !== undefined) return parse(flag, cwd)
  return annotation === undefined ? undefined : parse(annotation, dirname(resolve(cwd, file)))
}

/** What to tell a user whose Function has no known code. */
export function noSource({ name, file }: SourceHints): string {
  return [
    `${file}: ${name}: its code is not known; name it in one of two ways:`,
    `  in the file:  metadata.annotations: { dapr-proxy/source: ./fn.js#target }`,
    `  here:         --source ${name}=./fn.js#target`,
  ].join('\n')
}

function parse(text: string, folder: string): Source {
  const at = text.lastIndexOf('#')
  const path = resolve(folder, at === -1 ? text : text.slice(0, at))
  const target = at === -1 ? '' : text.slice(at + 1)
  return target === '' ? { path } : { path, target }
}
