// gRPC status codes and HTTP statuses, as a sidecar turns one into the other.

import { status } from '@grpc/grpc-js'

const pairs: readonly (readonly [status, number])[] = [
  [status.OK, 200],
  [status.INVALID_ARGUMENT, 400],
  [status.UNAUTHENTICATED, 401],
  [status.PERMISSION_DENIED, 403],
  [status.NOT_FOUND, 404],
  [status.ALREADY_EXISTS, 409],
  [status.RESOURCE_EXHAUSTED, 429],
  [status.CANCELLED, 499],
  [status.UNIMPLEMENTED, 501],
  [status.UNAVAILABLE, 503],
  [status.DEADLINE_EXCEEDED, 504],
]

export function httpStatusOf(code: status): number {
  return pairs.find(([grpc]) => grpc === code)?.[1] ?? 500
}

/** Undefined if the HTTP status is a success. */
export function grpcCodeOf(httpStatus: number): status | undefined {
  if (httpStatus >= 200 && httpStatus <= 299) return undefined
  return pairs.find(([, http]) => http === httpStatus)?.[0] ?? status.UNKNOWN
}
