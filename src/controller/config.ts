// How the controller's process is set up, read from variables and from the file of platform settings.

import { type Env, EnvReader } from '../shared/env.ts'
import { type Level, reason } from '../shared/log.ts'
import type { CredentialFiles } from './credentials.ts'
import { defaultSettings, parseSettings, type Settings, settingsSchema } from './settings.ts'

export interface ControllerConfig {
  /** CONTROLLER_PORT: port of the webhook; 0 takes any free one. Default 8080. */
  readonly port: number
  readonly settings: Settings
  readonly files: CredentialFiles
  /** LOG_LEVEL. Default `info`: one line whenever an answer changes; `debug`: one for each request. */
  readonly logLevel: Level
}

/** Gives the text of a file, or throws. */
export type ReadFile = (path: string) => string

/** Throws a ConfigurationError that names every wrong variable and setting. */
export function readControllerConfig(env: Env, readFile: ReadFile): ControllerConfig {
  const reader = new EnvReader(env)
  const port = reader.port('CONTROLLER_PORT', 8080, 0)
  const settings = settingsFrom(reader, readFile)
  const files = filesFrom(reader)
  const logLevel = reader.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info')
  reader.finish()
  return { port, settings, files, logLevel }
}

/** The settings alone. Throws a ConfigurationError that names every wrong variable and setting. */
export function readSettings(env: Env, readFile: ReadFile): Settings {
  const reader = new EnvReader(env)
  const settings = settingsFrom(reader, readFile)
  reader.finish()
  return settings
}

const domain = new RegExp(settingsSchema.properties.clusterDomain.pattern)

/** CONTROLLER_CONFIG names the file; PROXY_IMAGE and CLUSTER_DOMAIN win over it. */
function settingsFrom(reader: EnvReader, readFile: ReadFile): Settings {
  const path = reader.text('CONTROLLER_CONFIG')
  const base = path === undefined ? defaultSettings : fileSettings(reader, path, readFile)
  const clusterDomain = reader.text('CLUSTER_DOMAIN') ?? base.clusterDomain
  if (!domain.test(clusterDomain)) {
    reader.problem('CLUSTER_DOMAIN', `is "${clusterDomain}"; give a DNS domain such as cluster.local`)
  }
  return { ...base, proxyImage: reader.text('PROXY_IMAGE') ?? base.proxyImage, clusterDomain }
}

function fileSettings(reader: EnvReader, path: string, readFile: ReadFile): Settings {
  let text: string
  try {
    text = readFile(path)
  } catch (error) {
    reader.problem('CONTROLLER_CONFIG', `is ${path}, which cannot be read: ${reason(error)}`)
    return defaultSettings
  }
  const result = parseSettings(text)
  if ('settings' in result) return result.settings
  for (const { field, message } of result.problems) reader.problem(`${path}: ${field}`.trim(), message)
  return defaultSettings
}

/** Certificate and key make the webhook speak HTTPS; a token or a CA make it ask who is there. */
function filesFrom(reader: EnvReader): CredentialFiles {
  const [certificate, key] = [reader.text('CONTROLLER_TLS_CERT'), reader.text('CONTROLLER_TLS_KEY')]
  const [clientCa, token] = [reader.text('CONTROLLER_CLIENT_CA'), reader.text('CONTROLLER_TOKEN_FILE')]
  if ((certificate === undefined) !== (key === undefined)) {
    const field = certificate === undefined ? 'CONTROLLER_TLS_CERT' : 'CONTROLLER_TLS_KEY'
    reader.problem(field, 'is missing; certificate and key go together')
  }
  if (clientCa !== undefined && certificate === undefined) {
    reader.problem('CONTROLLER_CLIENT_CA', 'needs HTTPS; give CONTROLLER_TLS_CERT and CONTROLLER_TLS_KEY')
  }
  return { certificate, key, clientCa, token }
}
