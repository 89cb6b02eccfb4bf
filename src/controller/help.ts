// What `--help` prints.

export const help = `The webhook: answers Metacontroller what the children of a Function are.

Usage: node dist/controller/main.js      (all settings come from the environment)

  CONTROLLER_PORT         port of /sync, /finalize, /customize, /decorate, /healthz, /metrics (default 8080); 0 takes any free one
  CONTROLLER_CONFIG       file of platform settings; its schema is settingsSchema in src/controller/settings.ts
  PROXY_IMAGE             image of the proxy container (default dapr-proxy:0.1.0)
  CLUSTER_DOMAIN          domain of the cluster's Services (default cluster.local)
  CONTROLLER_TLS_CERT     file of the certificate; with CONTROLLER_TLS_KEY the port speaks HTTPS
  CONTROLLER_TLS_KEY      file of its key
  CONTROLLER_CLIENT_CA    file of the CA that callers must have a certificate of
  CONTROLLER_TOKEN_FILE   file of the bearer token that callers must send
  LOG_LEVEL               debug, info (default), warn, error

Files of certificates and of the token are read again when they change.

Exit codes: 0 stopped in order, 1 failed, 64 wrong configuration or a port in use.
`
