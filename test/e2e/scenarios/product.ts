// Installs the product into the rig exactly as its README tells a user to.
import { product } from '../rig/paths.ts'
import { deploymentReady, type Rig } from '../rig/rig.ts'
import { until } from '../rig/wait.ts'

export const productNamespace = 'dapr-proxy'
export const controllerName = 'dapr-proxy-controller'

const installed = new WeakSet<Rig>()

export async function installProduct(rig: Rig): Promise<void> {
  if (installed.has(rig)) return
  await rig.kubectl('apply', '-k', `${product}/metacontroller/crd`)
  await rig.kubectl('wait', '--for=condition=Established', 'crd/functions.core.openfunction.io', '--timeout=30s')
  await rig.kubectl('apply', '-k', `${product}/manifests/rbac`)
  await rig.kubectl('apply', '-k', `${product}/manifests/base`)
  await rig.kubectl('apply', '--validate=warn', '-k', `${product}/metacontroller`)
  await deploymentReady(rig.kube, productNamespace, controllerName)
  await until('a Function gets a reply', { seconds: 60 }, () => answersSync(rig))
  installed.add(rig)
}

/** Metacontroller takes up a new CompositeController within its discovery interval: seen by a first Function. */
async function answersSync(rig: Rig): Promise<boolean> {
  const namespace = 'default'
  const path = `/apis/core.openfunction.io/v1beta1/namespaces/${namespace}/functions/first`
  const spec = { image: 'e2e/greet:1', serving: { runtime: 'knative' } }
  const manifest = {
    apiVersion: 'core.openfunction.io/v1beta1',
    kind: 'Function',
    metadata: { name: 'first', namespace },
    spec,
  }
  await rig.kube.apply(path, manifest)
  const isReady = async () => (await rig.kubectl('get', 'function', 'first', '-n', namespace)).includes('True')
  await until('the first Function is Ready', { seconds: 40 }, isReady)
  // Its children go later: the garbage collector learns of a new kind only every 30 s.
  await rig.kube.remove(path)
  return true
}
