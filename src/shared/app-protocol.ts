// The protocols that Dapr speaks to an app. Those with an "s" are the same over TLS.

/** As `dapr.io/app-protocol` and APP_PROTOCOL name them. */
export const appProtocols = ['grpc', 'http', 'grpcs', 'https'] as const

export type AppProtocol = (typeof appProtocols)[number]

export const isOverTls = (protocol: AppProtocol): boolean => protocol.endsWith('s')

/** What is spoken inside of TLS. */
export const withoutTls = (protocol: AppProtocol): 'grpc' | 'http' => (protocol.startsWith('grpc') ? 'grpc' : 'http')
