// The brokers that the scenarios use, on the bridge's address: Redis and mosquitto.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createComponent, type RigComponent } from './component.ts'
import { bridge } from './network.ts'
import { paths } from './paths.ts'
import { run } from './process.ts'
import { until } from './wait.ts'

export const redisAddress = { host: bridge.address, port: 6379 }
export const mqttAddress = { host: bridge.address, port: 1883 }

export interface Brokers {
  readonly redis: RigComponent
  readonly mosquitto: RigComponent
  waitForRedis(): Promise<void>
}

export async function startBrokers(): Promise<Brokers> {
  const folder = `${paths.run}/brokers`
  mkdirSync(folder, { recursive: true })
  const redis = createComponent('redis', {
    file: 'redis-server',
    args: [
      '--bind',
      bridge.address,
      '--port',
      `${redisAddress.port}`,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'yes',
      '--protected-mode',
      'no',
      '--stream-node-max-entries',
      '0',
    ],
  })
  const settings = [
    `listener ${mqttAddress.port} ${bridge.address}`,
    'allow_anonymous true',
    'max_queued_messages 0',
    'user root',
  ]
  writeFileSync(`${folder}/mosquitto.conf`, `${settings.join('\n')}\n`)
  const mosquitto = createComponent('mosquitto', {
    file: 'mosquitto',
    args: ['-c', `${folder}/mosquitto.conf`],
  })
  redis.start()
  mosquitto.start()
  const waitForRedis = async () => {
    await until('Redis answers', { seconds: 20 }, async () => (await redisCli('ping')) === 'PONG')
  }
  await waitForRedis()
  return { redis, mosquitto, waitForRedis }
}

export async function redisCli(...args: string[]): Promise<string> {
  const address = ['-h', redisAddress.host, '-p', `${redisAddress.port}`]
  return (await run('redis-cli', [...address, ...args])).trim()
}
