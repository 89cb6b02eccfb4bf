// What the sidecar's API answers when it cannot do what it was asked, in both protocols.

import { status } from '@grpc/grpc-js'

export class ApiError extends Error {
  readonly httpStatus: number
  readonly grpcCode: status
  /** Dapr's own code, such as ERR_PUBSUB_NOT_FOUND. */
  readonly errorCode: string

  constructor(httpStatus: number, grpcCode: status, errorCode: string, message: string) {
    super(message)
    this.name = 'ApiError'
    this.httpStatus = httpStatus
    this.grpcCode = grpcCode
    this.errorCode = errorCode
  }

  static malformed(message: string): ApiError {
    return new ApiError(400, status.INVALID_ARGUMENT, 'ERR_MALFORMED_REQUEST', message)
  }

  static noPubsub(name: string): ApiError {
    return new ApiError(404, status.NOT_FOUND, 'ERR_PUBSUB_NOT_FOUND', `pubsub ${name} is not found`)
  }

  static noBinding(name: string): ApiError {
    return new ApiError(500, status.INTERNAL, 'ERR_INVOKE_OUTPUT_BINDING', `couldn't find output binding ${name}`)
  }

  static noStore(name: string): ApiError {
    return new ApiError(400, status.INVALID_ARGUMENT, 'ERR_STATE_STORE_NOT_FOUND', `state store ${name} is not found`)
  }

  static etagMismatch(key: string): ApiError {
    return new ApiError(409, status.ABORTED, 'ERR_STATE_SAVE', `the etag of ${key} does not match`)
  }

  static notInvoked(cause: string): ApiError {
    return new ApiError(500, status.INTERNAL, 'ERR_DIRECT_INVOKE', `failed to invoke: ${cause}`)
  }

  static tooLarge(limitBytes: number): ApiError {
    const message = `the body is larger than ${limitBytes} bytes`
    return new ApiError(413, status.RESOURCE_EXHAUSTED, 'ERR_REQUEST_TOO_LARGE', message)
  }

  static full(): ApiError {
    const message = 'too many events wait already; publish more slowly'
    return new ApiError(500, status.RESOURCE_EXHAUSTED, 'ERR_PUBSUB_PUBLISH_MESSAGE', message)
  }

  static absent(what: string): ApiError {
    return new ApiError(404, status.UNIMPLEMENTED, 'ERR_METHOD_NOT_FOUND', `the embedded sidecar has no ${what}`)
  }
}
