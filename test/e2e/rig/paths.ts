// Where the rig finds and leaves its files; everything it writes is below one ignored folder.
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '')
export const suite = `${repository}/test/e2e`
export const cache = `${repository}/.cache/e2e`
/** The product under test: `dist/`, `manifests/` and `metacontroller/` of this checkout, or of another one. */
export const product = process.env.E2E_PRODUCT ?? repository
/** Id of the process whose namespaces a running rig lives in. */
export const worldFile = `${cache}/world.pid`

export const paths = {
  bin: `${cache}/bin`,
  logs: `${cache}/logs`,
  /** State of one run: etcd's data, keys, pods' folders, ledgers. Emptied by every `up`. */
  run: `${cache}/run`,
  kubeconfig: `${cache}/kubeconfig`,
  manifests: `${suite}/manifests`,
  functions: `${suite}/functions`,
}
