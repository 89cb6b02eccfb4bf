// What the platform's operator decides, read from variables.

import { type Env, EnvReader } from '../shared/env.ts'

/** What shapes the children of every Function: the same for the webhook and for a rendering without a cluster. */
export interface Settings {
  /** PROXY_IMAGE: image of the proxy container. Default `dapr-proxy:0.1.0`. */
  readonly proxyImage: string
  /** CLUSTER_DOMAIN: domain of the cluster's Services. Default `cluster.local`. */
  readonly clusterDomain: string
}

export interface ControllerConfig {
  /** CONTROLLER_PORT: port of the webhook; 0 takes any free one. Default 8080. */
  readonly port: number
  readonly settings: Settings
}

/** Throws a ConfigurationError that names every wrong variable. */
export function readControllerConfig(env: Env): ControllerConfig {
  const reader = new EnvReader(env)
  const port = reader.port('CONTROLLER_PORT', 8080, 0)
  const settings = settingsFrom(reader)
  reader.finish()
  return { port, settings }
}

/** The settings alone. Throws a ConfigurationError that names every wrong variable. */
export function readSettings(env: Env): Settings {
  const reader = new EnvReader(env)
  const settings = settingsFrom(reader)
  reader.finish()
  return settings
}

const domain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function settingsFrom(reader: EnvReader): Settings {
  const clusterDomain = reader.text('CLUSTER_DOMAIN') ?? 'cluster.local'
  if (!domain.test(clusterDomain)) {
    reader.problem('CLUSTER_DOMAIN', `is "${clusterDomain}"; give a DNS domain such as cluster.local`)
  }
  return { proxyImage: reader.text('PROXY_IMAGE') ?? 'dapr-proxy:0.1.0', clusterDomain }
}
