// How many replicas a Function has, and who says so: itself, an autoscaler, or whoever scales its workload.

import type { Cluster } from './cluster.ts'
import type { Fn, Trigger } from './function.ts'
import { inputComponents } from './inputs.ts'

export interface Scaling {
  readonly workload: 'Deployment' | 'StatefulSet' | 'Job'
  /** `none`: nobody scales it but people. */
  readonly scaler: 'none' | 'HorizontalPodAutoscaler' | 'ScaledObject' | 'ScaledJob'
  /** Replicas that the Function asks for at least; undefined if it does not say. */
  readonly min: number | undefined
  /** Undefined if the Function does not say. */
  readonly max: number | undefined
  readonly triggers: readonly Trigger[]
}

export function scalingOf({ serving }: Pick<Fn, 'serving'>): Scaling {
  const { scaleOptions = {}, triggers = [] } = serving
  const { scaledObject, scaledJob } = scaleOptions.keda ?? {}
  // As OpenFunction has it: what stands in the KEDA part wins over the general one.
  const min = scaledObject?.minReplicaCount ?? scaleOptions.minReplicas
  const max = scaledJob?.maxReplicaCount ?? scaledObject?.maxReplicaCount ?? scaleOptions.maxReplicas
  const workload = scaledJob ? 'Job' : (scaledObject?.workloadType ?? 'Deployment')
  return { workload, scaler: scaler(workload, triggers, min, max), min, max, triggers }
}

function scaler(
  workload: Scaling['workload'],
  triggers: readonly Trigger[],
  min: number | undefined,
  max: number | undefined,
): Scaling['scaler'] {
  if (workload === 'Job') return 'ScaledJob'
  if (triggers.length > 0) return 'ScaledObject'
  return max !== undefined && max > Math.max(1, min ?? 1) ? 'HorizontalPodAutoscaler' : 'none'
}

/** Behind a proxy that is always there, a broker's queue is always empty: nothing would ever wake a function at zero. */
export const lowest = (fn: Fn, { min = 1 }: Scaling): number => (fn.mode === 'standalone' ? Math.max(1, min) : min)

/** Replicas that the Function may have at most, as far as it says. */
export function mostReplicas(fn: Fn): number {
  const { min = 1, max } = scalingOf(fn)
  return Math.max(1, min, max ?? 1)
}

/** One proxy where each would take every event anew (cron), or push the other off the broker (MQTT client id). */
export function proxyReplicas(fn: Fn, { settings, related }: Cluster): number {
  const types = inputComponents(fn, related).map(({ type }) => type)
  const isShared = types.every((type) => type !== undefined && !/(^|\.)(cron|mqtt3?)$/.test(type))
  return isShared ? settings.proxy.replicas : 1
}
