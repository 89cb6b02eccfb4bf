// The counterparts that are built from source: which Go module pins each, and what its build needs.
export interface Tool {
  readonly name: string
  /** Folder beside this file that holds go.mod and go.sum. */
  readonly module: string
  readonly package: string
  readonly flags: readonly string[]
  /** A file of the tool's own module that is needed beside the binary. */
  readonly companion?: { readonly module: string; readonly file: string; readonly as: string }
}

const small = ['-ldflags', '-s -w']
// Without the version, kubectl calls itself v0.0.0 and warns about every server.
const kubernetes = ['-ldflags', '-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3']
// Without the tag the binary builds and panics at start.
const stable = [...small, '-tags', 'stablecomponents']

export const tools: readonly Tool[] = [
  {
    name: 'metacontroller',
    module: 'metacontroller',
    package: 'metacontroller',
    flags: small,
    companion: {
      module: 'metacontroller',
      file: 'manifests/production/metacontroller-crds-v1.yaml',
      as: 'metacontroller-crds.yaml',
    },
  },
  { name: 'coredns', module: 'coredns', package: 'github.com/coredns/coredns', flags: small },
  ...['kubectl', 'kube-proxy', 'kube-controller-manager', 'kube-apiserver'].map((name) => ({
    name,
    module: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    flags: kubernetes,
  })),
  ...['1.18', '1.16'].map((version) => ({
    name: `daprd-${version}`,
    module: `daprd-${version}`,
    package: 'github.com/dapr/dapr/cmd/daprd',
    flags: stable,
  })),
]
