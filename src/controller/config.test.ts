import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../shared/env.ts'
import { readControllerConfig } from './config.ts'
import { defaultSettings } from './settings.ts'

const files: Record<string, string> = {
  'good.yaml': 'proxy: { replicas: 2 }\nclusterDomain: corp.example\n',
  'bad.yaml': 'proxy: { replicas: 0, color: red }\nproxyImag: x\nnetwork: { monitoringNamespaces: [A] }\n',
  'text.yaml': 'a: [\n',
}
const readFile = (path: string): string => {
  const text = files[path]
  if (text === undefined) throw new Error('no such file')
  return text
}
const config = (env: Record<string, string>) => readControllerConfig(env, readFile)

test('has a default for every variable and setting', () => {
  expect(config({})).toEqual({ port: 8080, settings: defaultSettings, files: {}, logLevel: 'info' })
  expect(defaultSettings).toMatchObject({
    proxyImage: 'dapr-proxy:0.1.0',
    proxy: { replicas: 1 },
    function: { podSecurity: 'restricted', serviceAccounts: [] },
  })
})

test('takes what the variables say, before the file', () => {
  const env = { CONTROLLER_PORT: '0', PROXY_IMAGE: 'example/proxy:2', CONTROLLER_CONFIG: 'good.yaml' }
  const { port, settings } = config(env)

  expect(port).toBe(0)
  expect(settings).toEqual({
    ...defaultSettings,
    proxyImage: 'example/proxy:2',
    clusterDomain: 'corp.example',
    proxy: { ...defaultSettings.proxy, replicas: 2 },
  })
  expect(config({ ...env, CLUSTER_DOMAIN: 'b.example' }).settings.clusterDomain).toBe('b.example')
})

describe('names every wrong variable and setting at once', () => {
  test.each([
    ['variables', { CONTROLLER_PORT: 'x', CLUSTER_DOMAIN: 'a b' }, /CONTROLLER_PORT[\s\S]*CLUSTER_DOMAIN/],
    [
      'settings',
      { CONTROLLER_CONFIG: 'bad.yaml', CONTROLLER_PORT: 'x' },
      /CONTROLLER_PORT[\s\S]*bad.yaml: proxyImag is not a setting[\s\S]*proxy.color is not a setting[\s\S]*proxy.replicas[\s\S]*monitoringNamespaces.0/,
    ],
    ['a key without its certificate', { CONTROLLER_TLS_KEY: 'k' }, /CONTROLLER_TLS_CERT is missing/],
    ['a client CA without HTTPS', { CONTROLLER_CLIENT_CA: 'c' }, /CONTROLLER_CLIENT_CA needs HTTPS/],
    ['text that is no YAML', { CONTROLLER_CONFIG: 'text.yaml' }, /text.yaml: is not YAML/],
    ['a file that is not there', { CONTROLLER_CONFIG: 'gone.yaml' }, /CONTROLLER_CONFIG is gone.yaml, which cannot be/],
  ])('%s', (_, env, message) => {
    expect(() => config(env)).toThrow(ConfigurationError)
    expect(() => config(env)).toThrow(message)
  })
})
