// The few Kubernetes object shapes that we look into. Everything else passes as plain JSON.

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/** Labels, annotations and the like. */
export type TextMap = Readonly<Record<string, string>>

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly generation?: number
  readonly deletionTimestamp?: string
  readonly labels?: TextMap
  readonly annotations?: TextMap
}

/** Any Kubernetes object: what identifies it, and the rest as it is. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [key: string]: unknown
}
