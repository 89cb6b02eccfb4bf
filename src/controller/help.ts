// What `--help` prints.

export const help = `The webhook: answers Metacontroller what the children of a Function are.

Usage: node dist/controller/main.js      (all settings come from the environment)

  CONTROLLER_PORT   port of /sync, /healthz and /metrics (default 8080); 0 takes any free one
  PROXY_IMAGE       image of the proxy container (default dapr-proxy:0.1.0)
  CLUSTER_DOMAIN    domain of the cluster's Services (default cluster.local)

Exit codes: 0 stopped in order, 1 failed, 64 wrong configuration or a port in use.
`
