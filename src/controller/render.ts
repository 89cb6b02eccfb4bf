// Function → children. Adding a kind is one new file and one line here.

import type { KubeObject } from '../shared/k8s.ts'
import { functionDeployment } from './children/function-deployment.ts'
import { functionService } from './children/function-service.ts'
import { proxyDeployment } from './children/proxy-deployment.ts'
import { proxyService } from './children/proxy-service.ts'
import type { Settings } from './config.ts'
import { daprObjects } from './dapr-objects.ts'
import type { Fn } from './function.ts'

type Maker = (fn: Fn, settings: Settings) => KubeObject[]

const makers: readonly Maker[] = [daprObjects, functionDeployment, functionService, proxyDeployment, proxyService]

/** The children of an accepted Function, always the same for the same Function and in the same order. */
export function renderChildren(fn: Fn, settings: Settings): KubeObject[] {
  return fn.isServed ? makers.flatMap((make) => make(fn, settings)) : []
}
