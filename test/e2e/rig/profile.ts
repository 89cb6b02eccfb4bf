// Which versions of the counterparts a run uses.
import { paths } from './paths.ts'

export interface Profile {
  readonly name: string
  readonly daprd: string
  readonly daprdVersion: '1.18' | '1.16'
  readonly metacontrollerCrds: string
}

export const profileNames = ['default', 'daprd-1.16'] as const

/** METACONTROLLER_BIN and METACONTROLLER_CRDS bring a Metacontroller of the user's own. */
export function profile(name: string, env: Readonly<Record<string, string | undefined>>): Profile {
  if (!(profileNames as readonly string[]).includes(name)) {
    throw new Error(`no profile ${name}; there are: ${profileNames.join(', ')}`)
  }
  const version = name === 'daprd-1.16' ? '1.16' : '1.18'
  return {
    name,
    daprdVersion: version,
    daprd: `${paths.bin}/daprd-${version}`,
    metacontrollerCrds: env.METACONTROLLER_CRDS ?? `${paths.bin}/metacontroller-crds.yaml`,
  }
}

/** The tools that a profile needs built. */
export function toolsOf({ daprdVersion }: Profile): string[] {
  const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kubectl']
  return ['metacontroller', 'coredns', ...kubernetes, `daprd-${daprdVersion}`]
}
