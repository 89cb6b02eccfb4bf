// What a Function asks of its scaling, where Kubernetes or KEDA would refuse it or it could not work.

import type { Problem } from '../../shared/func-context.ts'
import { describeFunction, type FunctionObject } from '../function.ts'
import { scalingOf } from '../scaling.ts'

export function checkScaling(object: FunctionObject): Problem[] {
  const fn = describeFunction(object)
  const { workload, min = 1, max, triggers } = scalingOf(fn)
  const options = 'spec.serving.scaleOptions'
  const problems: Problem[] = []
  if (max !== undefined && (max < 1 || max < min)) {
    problems.push({
      field: `${options}.maxReplicas`,
      message: `is ${max}, below minReplicas; give at least ${min || 1}`,
    })
  }
  if (workload !== 'Job') return problems
  const field = `${options}.keda.scaledJob`
  if (fn.mode === 'standalone') {
    const message =
      'makes jobs, which take an event from the broker themselves and so need daprd beside them; set openfunction.io/dapr-service-mode to sidecar'
    problems.push({ field, message })
  }
  if (fn.serving.scaleOptions?.keda?.scaledObject) {
    problems.push({ field, message: 'stands beside scaledObject; keep one of them' })
  }
  if (triggers.length === 0) {
    problems.push({ field: 'spec.serving.triggers', message: 'is missing; a ScaledJob needs one to start its jobs' })
  }
  return problems
}
