import { expect, test } from 'vitest'
import { appProtocolOf, checkAppProtocol } from './app-protocol.ts'

const annotations = (protocol?: string, ssl?: string) => ({
  ...(protocol !== undefined && { 'dapr.io/app-protocol': protocol }),
  ...(ssl !== undefined && { 'dapr.io/app-ssl': ssl }),
})

test.each([
  [undefined, undefined, 'grpc'],
  ['http', undefined, 'http'],
  ['HTTPS', undefined, 'https'],
  ['GrpcS', 'false', 'grpcs'],
  ['http', 'true', 'https'],
  [undefined, 'Yes', 'grpcs'],
  ['https', '1', 'https'],
  ['http', 'nonsense', 'http'],
])('as Dapr reads it, %s with app-ssl %s is %s', (protocol, ssl, wanted) => {
  expect(appProtocolOf(annotations(protocol, ssl))).toBe(wanted)
})

test.each([
  ['h2c', /HTTP\/2 without TLS is not served/],
  ['H2C', /HTTP\/2 without TLS is not served/],
  ['tcp', /must be grpc or http, .*; or remove it/],
  ['', /must be grpc or http/],
  ['constructor', /must be grpc or http/],
])('"%s" is told to be none', (protocol, message) => {
  const [problem] = checkAppProtocol(annotations(protocol))

  expect(problem?.field).toBe('spec.serving.annotations[dapr.io/app-protocol]')
  expect(problem?.message).toMatch(message)
})
