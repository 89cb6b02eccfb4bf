// Runs the commands of the README and of the page about the webhook. A block marked `sh cluster` needs a cluster and is not run.

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = ['README.md', 'docs/webhook.md'].map((page) => readFileSync(`${root}/${page}`, 'utf8')).join('\n')
const blocks = [...pages.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trim())

/** What must be seen in the output of a block, by its first command. */
const seen: Readonly<Record<string, RegExp>> = {
  'make run FOR=5s': /^http: .* delivered [1-9].* lost 0\ngrpc: .* delivered [1-9].* lost 0$/m,
  'npx dapr-proxy render manifests/samples/sink.yaml': /name: sink-proxy[\s\S]*sink\.yaml: ok/,
  'CONTROLLER_PORT=18080 node dist/controller/main.js &': /"name":"subscriber-proxy"/,
  'npx dapr-function --help': /--source/,
  'CONTROLLER_PORT=18081 node dist/controller/main.js > /dev/null &': /^200\n304\n200$/m,
  'folder=$(mktemp -d)': /^401\n401\n200$/m,
}

describe('README and docs', () => {
  test.each(blocks)(
    '%s',
    async (block) => {
      const [first = ''] = block.split('\n')
      const { stdout } = await promisify(execFile)('bash', ['-emc', block], { cwd: root, timeout: 60_000 })

      expect(Object.keys(seen)).toContain(first)
      expect(stdout).toMatch(seen[first] as RegExp)
    },
    90_000,
  )
})
