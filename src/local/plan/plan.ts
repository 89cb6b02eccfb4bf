// From the children of a Function to what runs on this machine: read, never guessed, so both run the same.

import { type AppProtocol, appProtocols } from '../../shared/app-protocol.ts'
import { type FuncContext, parseFuncContext } from '../../shared/func-context.ts'
import type { KubeObject } from '../../shared/k8s.ts'
import { type Component, componentOf, isCron, undeclaredComponents } from '../sidecar/broker/component.ts'
import { mayBeInput } from '../sidecar/channel/app-channel.ts'
import { parseSchedule } from '../sidecar/cron.ts'
import { noSource, type Source, sourceOf } from './source.ts'
import { type Container, hasSidecar, type Workload, workloadsOf } from './workload.ts'

/** A Function with the children that the controller gives it. */
export interface RenderedFunction {
  readonly function: KubeObject
  /** Where it is from, as the command line names it. */
  readonly file: string
  /** `./fn.js#target`, relative to the file; undefined if the Function does not say. */
  readonly annotation: string | undefined
  readonly children: readonly KubeObject[]
}

export interface LocalFunction {
  readonly name: string
  readonly namespace: string
  readonly replicas: number
  readonly source: Source
  readonly context: FuncContext
  /** The function's container. */
  readonly container: Container
  /** Undefined if the Function has no Dapr at all. */
  readonly sidecar?: LocalSidecar
  /** The proxy's container; undefined if the sidecar talks to the function itself. */
  readonly proxy?: Container
}

export interface LocalSidecar {
  readonly appId: string
  readonly protocol: AppProtocol
  readonly components: readonly Component[]
  /** The same components as objects, for a real daprd. */
  readonly resources: readonly KubeObject[]
}

export interface PlanOptions {
  /** Undefined: what each Function says, else 1. */
  readonly replicas?: number | undefined
  readonly sources: ReadonlyMap<string, string>
  readonly cwd: string
}

/** Something in the files keeps the run from starting; the message says what and how to mend it. */
export class PlanError extends Error {}

/** Throws a PlanError that names everything that is missing. */
export function planRun(functions: readonly RenderedFunction[], options: PlanOptions): LocalFunction[] {
  const names = functions.map((each) => each.function.metadata.name)
  const problems = [...options.sources.keys()]
    .filter((name) => !names.includes(name))
    .map((name) => `--source names ${name}, but the Functions are ${names.join(', ')}`)
  const planned = functions.flatMap((rendered) => {
    try {
      return [planOne(rendered, options)]
    } catch (error) {
      if (!(error instanceof PlanError)) throw error
      problems.push(error.message)
      return []
    }
  })
  const appIds = planned.flatMap(({ sidecar }) => sidecar?.appId ?? [])
  const twice = appIds.filter((appId, index) => appIds.indexOf(appId) !== index)
  for (const appId of new Set(twice)) problems.push(`two Functions have the app-id ${appId}; give one of them another`)
  if (problems.length > 0) throw new PlanError(problems.join('\n'))
  return planned
}

function planOne(rendered: RenderedFunction, { replicas, sources, cwd }: PlanOptions): LocalFunction {
  const { metadata } = rendered.function
  const hints = {
    name: metadata.name,
    file: rendered.file,
    annotation: rendered.annotation,
    flag: sources.get(metadata.name),
    cwd,
  }
  const source = sourceOf(hints)
  if (source === undefined) throw new PlanError(noSource(hints))
  const workloads = workloadsOf(rendered.children)
  const code = workloads.find(({ name }) => name === metadata.name)
  const container = code?.containers.find(({ name }) => name === 'function')
  if (container === undefined) throw new PlanError(`${rendered.file}: ${metadata.name}: it has no function Deployment`)
  const context = contextOf(container, `${rendered.file}: ${metadata.name}`)
  const withSidecar = workloads.find(hasSidecar)
  const proxy = withSidecar?.containers.find(({ name }) => name === 'dapr-proxy')
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
    replicas: replicas ?? minReplicasOf(rendered.function),
    source,
    context,
    container,
    ...(withSidecar && { sidecar: sidecarOf(withSidecar, rendered, context) }),
    ...(proxy && { proxy }),
  }
}

function contextOf(container: Container, where: string): FuncContext {
  const result = parseFuncContext(container.env.find(({ name }) => name === 'FUNC_CONTEXT')?.value)
  if ('context' in result) return result.context
  throw new PlanError(`${where}: FUNC_CONTEXT: ${result.problems.map(({ message }) => message).join(', ')}`)
}

function sidecarOf(workload: Workload, rendered: RenderedFunction, context: FuncContext): LocalSidecar {
  const resources = rendered.children.filter(({ kind }) => kind === 'Component')
  const declared = resources.map(componentOf)
  const components = [...declared, ...undeclaredComponents(context, declared)]
  for (const component of components.filter((each) => isCron(each) && mayBeInput(each))) {
    const { schedule = '' } = component.metadata
    if (parseSchedule(schedule) === undefined) {
      const remedy = 'give "@every 1s", "@hourly" or the like, or five or six cron fields of numbers'
      throw new PlanError(`${rendered.file}: ${component.name}: schedule is "${schedule}"; ${remedy}`)
    }
  }
  const { annotations } = workload
  return {
    appId: annotations['dapr.io/app-id'] ?? workload.name,
    protocol: appProtocols.find((each) => each === annotations['dapr.io/app-protocol']) ?? 'http',
    components,
    resources,
  }
}

function minReplicasOf(fn: KubeObject): number {
  const spec = fn.spec as { serving?: { scaleOptions?: { minReplicas?: unknown } } } | undefined
  const replicas = spec?.serving?.scaleOptions?.minReplicas
  return typeof replicas === 'number' && replicas > 0 ? replicas : 1
}
