// Leaves the rig running for a person: prints how to reach it and waits for Ctrl-C.
import { paths, repository, worldFile } from '../rig/paths.ts'
import type { Rig } from '../rig/rig.ts'
import { installProduct } from './product.ts'

export async function keepRunning(rig: Rig, stop: AbortSignal): Promise<void> {
  await installProduct(rig)
  console.log(`
The rig runs, with the product installed. It lives in namespaces of its own; enter them from another terminal with

  nsenter --target $(cat ${worldFile}) --net --mount --pid env PATH=${paths.bin}:$PATH KUBECONFIG=${paths.kubeconfig} bash

and try there

  kubectl apply -f ${repository}/manifests/samples/
  kubectl get functions,deployments,pods,services -A
  redis-cli -h 10.244.0.1 XLEN <topic>
  tail -f ${paths.logs}/*.log

KUBECONFIG=${paths.kubeconfig}
Ctrl-C ends it.`)
  if (stop.aborted) return
  await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
  await rig.down()
}
