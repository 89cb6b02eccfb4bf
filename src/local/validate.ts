// `dapr-proxy validate`: all that is wrong with the Functions in files, with line, field and remedy.

import type { Edge } from './edge.ts'
import { loadFunctions, problemLine } from './function-files.ts'
import { callOf, settingsOf } from './render.ts'

const usage = `usage: dapr-proxy validate FILE…

Checks every Function in the files as the webhook does, and unknown fields too. Prints one line for each problem,
file:line: field: what is wrong and how to mend it, or file: ok. A file without any Function is a problem.

  -h, --help          this text

  CONTROLLER_CONFIG   file of platform settings, as the controller reads it

exit codes: 0 all valid, 1 a problem was found, 2 wrong use, 64 wrong setting
`

const noFunction = 'has no Function of core.openfunction.io; give a file that has one'

export async function validateCommand(argv: readonly string[], edge: Edge): Promise<number> {
  const call = callOf(argv, { help: { type: 'boolean', short: 'h' } }, usage, edge)
  if (typeof call === 'number') return call
  const { files } = call
  const { functions, problems, notes } = await loadFunctions(files, edge.cwd, settingsOf(edge))
  for (const note of notes) edge.stderr.write(`${note}\n`)
  let areValid = true
  for (const file of new Set(files)) {
    const found = problems.filter((problem) => problem.file === file)
    const isEmpty = found.length === 0 && !functions.some((each) => each.file === file)
    if (isEmpty) found.push({ file, line: 1, field: '', message: noFunction })
    edge.stdout.write(found.length === 0 ? `${file}: ok\n` : found.map((each) => `${problemLine(each)}\n`).join(''))
    areValid &&= found.length === 0
  }
  return areValid ? 0 : 1
}
