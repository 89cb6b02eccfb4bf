// The protocol between daprd, proxy and function, as the annotations of a Function choose it and Dapr reads them.

import { type AppProtocol, appProtocols, isOverTls, withoutTls } from '../shared/app-protocol.ts'
import type { Problem } from '../shared/func-context.ts'
import type { TextMap } from '../shared/k8s.ts'
import { annotation } from './annotations.ts'
import type { Fn } from './function.ts'

/** In any case of letters. The older annotation makes the same protocol go over TLS. Without either it is grpc. */
export function appProtocolOf(annotations?: TextMap): AppProtocol {
  const given = annotations?.[annotation.appProtocol]?.toLowerCase()
  const protocol = appProtocols.find((each) => each === given) ?? 'grpc'
  const isSsl = truthy.has(annotations?.[annotation.appSsl]?.trim().toLowerCase() ?? '')
  return isSsl ? `${withoutTls(protocol)}s` : protocol
}

// dapr/utils IsTruthy; all else is no.
const truthy: ReadonlySet<string> = new Set(['y', 'yes', 'true', 't', 'on', '1'])

export function checkAppProtocol(annotations?: TextMap): Problem[] {
  const given = annotations?.[annotation.appProtocol]
  if (given === undefined || appProtocols.some((each) => each === given.toLowerCase())) return []
  const choices = 'must be grpc or http, or grpcs or https for the same over TLS'
  const remedy =
    given.toLowerCase() === 'h2c' ? `${choices}; HTTP/2 without TLS is not served` : `${choices}; or remove it`
  return [{ field: `spec.serving.annotations[${annotation.appProtocol}]`, message: remedy }]
}

/** What the function is spoken to with, as in a URL: a sync function serves HTTP whatever its protocol with Dapr is. */
export function schemeOf({ isAsync, protocol }: Fn): string {
  if (isAsync) return protocol
  return isOverTls(protocol) ? 'https' : 'http'
}
