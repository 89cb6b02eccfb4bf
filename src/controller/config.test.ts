import { expect, test } from 'vitest'
import { ConfigurationError } from '../shared/env.ts'
import { readControllerConfig } from './config.ts'

test('has a default for every variable', () => {
  expect(readControllerConfig({})).toEqual({
    port: 8080,
    settings: { proxyImage: 'dapr-proxy:0.1.0', clusterDomain: 'cluster.local' },
  })
})

test('takes what the variables say', () => {
  const env = { CONTROLLER_PORT: '0', PROXY_IMAGE: 'example/proxy:2', CLUSTER_DOMAIN: 'corp.example' }

  expect(readControllerConfig(env)).toEqual({
    port: 0,
    settings: { proxyImage: 'example/proxy:2', clusterDomain: 'corp.example' },
  })
})

test('names every wrong variable at once', () => {
  const read = () => readControllerConfig({ CONTROLLER_PORT: 'x', CLUSTER_DOMAIN: 'a b' })

  expect(read).toThrow(ConfigurationError)
  expect(read).toThrow(/CONTROLLER_PORT[\s\S]*CLUSTER_DOMAIN/)
})
