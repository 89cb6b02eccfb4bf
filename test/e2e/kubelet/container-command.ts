// From a container's spec to the process that stands for it, in the pod's network and a mount namespace of its own.
import { dirname } from 'node:path'
import { run } from '../rig/process.ts'
import type { ContainerStart } from './container.ts'
import { daprdName } from './daprd.ts'
import { type EnvContext, resolveEnv } from './env.ts'
import { imageContents } from './images.ts'
import type { Container } from './pod-spec.ts'
import { mountScript } from './volumes.ts'

export interface PodPlace {
  readonly folder: string
  /** Name of the network namespace. */
  readonly network: string
}

export const networkName = (address: string): string => `pod-${address.split('.').slice(2).join('-')}`

export async function containerCommand(spec: Container, place: PodPlace, context: EnvContext): Promise<ContainerStart> {
  const env = await resolveEnv(spec, context)
  const contents = spec.name === daprdName ? { entrypoint: [], env: {}, workingDir: '/' } : imageContents(spec)
  const command = [...(spec.command ?? contents.entrypoint), ...(spec.args ?? [])]
  const workingDir = spec.workingDir ?? contents.workingDir
  const script = [
    'set -e',
    ...mountScript(place.folder, spec, context.pod.spec.automountServiceAccountToken !== false),
    `cd ${workingDir}`,
    'exec "$@"',
  ].join('\n')
  return {
    file: 'ip',
    args: ['netns', 'exec', place.network, 'sh', '-c', script, 'sh', ...command],
    env: { ...clusterEnv, HOSTNAME: context.pod.metadata.name, ...contents.env, ...env },
  }
}

/** Runs a command in the pod's network; true if it ended well in time. */
export function execInPod({ network }: PodPlace, command: readonly string[], timeoutMs: number): Promise<boolean> {
  const attempt = run('timeout', [`${timeoutMs / 1000}`, 'ip', 'netns', 'exec', network, ...command])
  return attempt.then(
    () => true,
    () => false,
  )
}

const clusterEnv = {
  // An image brings its own node; here it is the one that runs the suite.
  PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
}
