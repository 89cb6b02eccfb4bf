// The command line and environment of each process of a run: what the children say, with the ports of this machine.

import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Env } from '../../shared/env.ts'
import type { LocalFunction } from '../plan/plan.ts'
import { type Container, environmentOf } from '../plan/workload.ts'
import type { ApiPorts } from '../sidecar/api/listen.ts'
import { type Program, tethered } from './child-process.ts'

export interface Surroundings {
  readonly env: Env
  readonly execPath: string
  /** Told of a variable that cannot be given. */
  readonly warn: (message: string) => void
}

type Entry = 'framework' | 'proxy' | 'controller'

const entryPoint = (name: Entry): string => fileURLToPath(new URL(`../../${name}/main.js`, import.meta.url))

export function controllerProgram({ env, execPath }: Surroundings, port: number): Program {
  const args = tethered(entryPoint('controller'))
  return { name: 'controller', command: execPath, args, env: { ...env, CONTROLLER_PORT: String(port) } }
}

/** One replica of a function. `api` is its sidecar's, where there is one. */
export function replicaProgram(
  { env, execPath, warn }: Surroundings,
  fn: LocalFunction,
  replica: { readonly name: string; readonly port: number },
  api: ApiPorts | undefined,
): Program {
  const pod = { name: replica.name, namespace: fn.namespace }
  const { path, target } = fn.source
  return {
    name: replica.name,
    command: execPath,
    args: tethered(entryPoint('framework')),
    cwd: dirname(path),
    env: {
      ...env,
      ...environmentOf(fn.container, pod, env, (message) => warn(`${fn.name}: ${message}`)),
      ...(api && daprAddress(api)),
      PORT: String(replica.port),
      FUNCTION_HOST: '127.0.0.1',
      FUNCTION_SOURCE: path,
      ...(target !== undefined && { FUNCTION_TARGET: target }),
    },
  }
}

export interface ProxyPorts {
  readonly app: number
  readonly admin: number
  readonly replicas: readonly number[]
}

export function proxyProgram(
  { env, execPath, warn }: Surroundings,
  fn: LocalFunction,
  container: Container,
  { app, admin, replicas }: ProxyPorts,
): Program {
  const name = `${fn.name}-proxy`
  const pod = { name, namespace: fn.namespace }
  return {
    name,
    command: execPath,
    args: tethered(entryPoint('proxy')),
    env: {
      ...env,
      ...environmentOf(container, pod, env, (message) => warn(`${name}: ${message}`)),
      PROXY_HOST: '127.0.0.1',
      PROXY_PORT: String(app),
      PROXY_ADMIN_PORT: String(admin),
      // A file of the cluster, where the children have it.
      PROXY_REPLICA_CA: env.PROXY_REPLICA_CA ?? '',
      PROXY_DISCOVERY: `static:${replicas.map((port) => `127.0.0.1:${port}`).join(',')}`,
    },
  }
}

const daprAddress = ({ http, grpc }: ApiPorts): Env => ({
  DAPR_HOST: '127.0.0.1',
  DAPR_SIDECAR_IP: '127.0.0.1',
  DAPR_HTTP_PORT: String(http),
  DAPR_GRPC_PORT: String(grpc),
  DAPR_HTTP_ENDPOINT: `http://127.0.0.1:${http}`,
  DAPR_GRPC_ENDPOINT: `127.0.0.1:${grpc}`,
})
