// Which versions of the counterparts a run uses.
import { paths } from './paths.ts'

export type DaprdVersion = '1.18' | '1.16'

export interface Profile {
  readonly name: string
  /** Of every daprd, unless a scenario names another one. */
  readonly daprdVersion: DaprdVersion
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
    metacontrollerCrds: env.METACONTROLLER_CRDS ?? `${paths.bin}/metacontroller-crds.yaml`,
  }
}

export const daprdBinary = (version: DaprdVersion): string => `${paths.bin}/daprd-${version}`

/** The tools that a run needs built: those of its profile, and the daprds that its scenarios name. */
export function toolsOf({ daprdVersion }: Profile, named: readonly DaprdVersion[]): string[] {
  const kubernetes = ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kubectl']
  return [
    'metacontroller',
    'coredns',
    ...kubernetes,
    ...new Set([daprdVersion, ...named].map((version) => `daprd-${version}`)),
  ]
}
