// Compiles src to dist, from nothing, and makes the commands executable.

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rolldown } from 'rolldown'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
await bundleProxy()
for (const file of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).bin)) chmodSync(file, 0o755)

/**
 * Every Function has a proxy, so that starts fast and stays small: a few files in place of a hundred, with one for each thing
 * that not every proxy needs, and in CommonJS, since Node's loader of ES modules alone takes 10 ms and 3 MiB.
 */
async function bundleProxy() {
  const bundle = await rolldown({
    input: 'src/proxy/main.ts',
    platform: 'node',
    external: ['prom-client'],
    preserveEntrySignatures: false,
  })
  await bundle.write({
    dir: 'dist/proxy',
    format: 'cjs',
    sourcemap: true,
    chunkFileNames: '[name].js',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'h1', test: /\/src\/h1\// },
        { name: 'http', test: /\/src\/dapr\/http\// },
        { name: 'grpc', test: /\/src\/(dapr\/grpc|h2)\// },
        { name: 'both', test: /\/src\/(dapr\/(?!tls)[^/]+|(net|shared)\/.+)$/ },
      ],
    },
  })
  await bundle.close()
  writeFileSync('dist/proxy/package.json', '{ "type": "commonjs" }\n')
  // The one file that is sent as it is.
  copyFileSync('src/proxy/admin/page.html', 'dist/proxy/page.html')
}
