// The Function of most tests: one topic and one binding.

import { binding, pubsub, topic } from './wire.ts'

export const funcContext = JSON.stringify({
  name: 'test-function',
  version: 'v1',
  runtime: 'Async',
  port: '8080',
  inputs: {
    orders: { uri: topic, componentName: pubsub, componentType: 'pubsub.redis' },
    ticks: { componentName: binding, componentType: 'bindings.cron' },
  },
})
