// The tokens of Dapr that a Function names. Only references to Secrets: what is in them is seen by no one here.

import type { EnvVar, Fn } from './function.ts'

/** Annotations by which Dapr's injector gives daprd its tokens: each names a Secret, whose key `token` holds one. */
export const tokenSecrets = { api: 'dapr.io/api-token-secret', app: 'dapr.io/app-token-secret' } as const

/** The key of such a Secret. */
export const tokenKey = 'token'

/** For the function: daprd refuses calls without the token. */
export const apiToken = (fn: Fn): EnvVar[] => fromSecret('DAPR_API_TOKEN', fn, tokenSecrets.api)

/**
 * For the proxy: daprd shows this token with each event, and nobody else can. To the container of an app the injector gives none
 * (dapr pkg/injector/patcher); one that looks for it as well names the Secret in its template, in either mode.
 */
export function appToken(fn: Fn): EnvVar[] {
  const token = fromSecret('APP_API_TOKEN', fn, tokenSecrets.app)
  // The annotation says that the app is to be shown it: what looks for it behind a daprd of its own finds it here.
  return token.length === 0 ? [] : [...token, { name: 'PROXY_PASS_APP_TOKEN', value: 'true' }]
}

function fromSecret(variable: string, { serving }: Fn, annotation: string): EnvVar[] {
  const name = serving.annotations?.[annotation]
  return name ? [{ name: variable, valueFrom: { secretKeyRef: { name, key: tokenKey } } }] : []
}
