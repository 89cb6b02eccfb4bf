// What `--help` prints.

export const help = `The proxy of one Function: listens where daprd expects the app, and forwards each event to a replica.

Usage: node dist/proxy/main.js      (all settings come from the environment)

  PROXY_MODE             function, or app: in front of any Dapr app, without FUNC_CONTEXT (default function)
  FUNC_CONTEXT           the Function, as JSON; the controller writes it
  APP_PROTOCOL           grpc or http, or grpcs or https: the same, and replicas are spoken to over TLS (default grpc)
  PROXY_REPLICA_CA       file of the authorities that certificates of replicas must come from (default: any certificate)
  PROXY_REPLICA_SERVER_NAME
                         whom they must be for (default: the Service, or the host where there is none)
  PROXY_TLS_CERT, PROXY_TLS_KEY
                         files of a certificate and its key: with them daprd has to speak TLS too (default: plain text)
  PROXY_PORT             port for daprd (default: port of FUNC_CONTEXT, 8080 for an app); 0 takes any free one
  PROXY_HOST             address for daprd (default 127.0.0.1)
  PROXY_ADMIN_PORT       port of the page, /metrics, /livez and /readyz (default 8081); 0 takes any free one
  PROXY_DISCOVERY        endpointslices, endpointslices:service.namespace:port, dns:host:port or
                         static:host:port,host:port (default: the Service of the Function in POD_NAMESPACE,
                         by a watch of its EndpointSlices in a cluster, elsewhere by DNS)
  CLUSTER_DOMAIN         domain of Services, where they are asked for by DNS (default cluster.local)
  PROXY_BALANCE          which replica gets an event: least-loaded, round-robin, random, or hash: by partition key,
                         one event of a key at a time, in order (default least-loaded)
  PROXY_REPLICA_CONCURRENCY
                         events that may be at one replica (default: no limit)
  PROXY_MAX_IN_FLIGHT    events that may be at all replicas; more of them wait (default 1000)
  PROXY_JOIN_DUPLICATES  true: an event of a topic that comes again while it is at work gets the same answer
                         (default false)
  PROXY_MAX_HELD         events that may wait, for a replica or a place on one (default 1000)
  PROXY_MAX_HELD_BYTES   bytes of all events that are buffered (default 33554432, 32 MiB)
  PROXY_MAX_EVENT_BYTES  bytes of one event (default 6291456, 6 MiB: 4 MiB of data as base64 in its envelope)
  APP_API_TOKEN          the token that daprd was given under this name; what comes without it is refused
  PROXY_PASS_APP_TOKEN   true: it goes on to the function, which looks for it too (default false: no function sees it)
  PROXY_HOLD_TIMEOUT     how long an event may wait (default 30s); an invocation waits 5s at most,
                         what daprd asks of an app as long as daprd does
  PROXY_DRAIN_TIMEOUT    how long SIGTERM waits for daprd to finish (default 75s)
  LOG_LEVEL              debug, info, warn or error (default info)

Exit codes: 0 stopped in order, 1 failed, 64 wrong configuration or a port in use.
`
