// The sidecar of one app: its API is there at once; when the app's port opens, it asks what the app wants and delivers.

import { type AppProtocol, isOverTls, withoutTls } from '../../shared/app-protocol.ts'
import { type AppState, createApi } from './api/api.ts'
import { createGrpcApi } from './api/grpc-api.ts'
import { createHttpApi } from './api/http-api.ts'
import { type ApiPorts, listen } from './api/listen.ts'
import type { BindingMessage, Broker, TopicMessage } from './broker/broker.ts'
import { type Component, familyOf } from './broker/component.ts'
import { type DeliveryPolicy, DeliveryQueue } from './broker/delivery-queue.ts'
import type { StateStores } from './broker/state-store.ts'
import { type Delivery, Tally } from './broker/tally.ts'
import { type AppChannel, type AppToken, mayBeInput, type Subscription } from './channel/app-channel.ts'
import { waitForPort } from './channel/app-port.ts'
import { createGrpcChannel } from './channel/grpc-channel.ts'
import { createHttpChannel } from './channel/http-channel.ts'

export interface App {
  readonly appId: string
  readonly protocol: AppProtocol
  /** Where the app listens. More than one if several replicas stand behind one app-id without a proxy between. */
  readonly ports: readonly number[]
  readonly components: readonly Component[]
}

export interface SidecarOptions {
  readonly app: App
  readonly broker: Broker
  readonly states: StateStores
  readonly findApp: (appId: string) => AppState | undefined
  /** Told what a user should know: an event that is lost, a question that went wrong. */
  readonly warn: (message: string) => void
  readonly policy?: DeliveryPolicy
  /** What it shows its app, as daprd shows its APP_API_TOKEN. */
  readonly appToken?: string | undefined
}

/** What the app wants to hear of. */
export type Input =
  | { readonly kind: 'topic'; readonly component: Component; readonly topic: string }
  | { readonly kind: 'binding'; readonly component: Component; readonly queue: DeliveryQueue<BindingMessage> }

const host = '127.0.0.1'

export class Sidecar {
  readonly tally = new Tally()
  /** Acknowledged events by the address they went to. */
  readonly deliveredTo = new Map<string, number>()
  /** Empty until the app has been asked. */
  readonly inputs: Input[] = []
  /** What the other sidecars of the run know of this app. */
  readonly state: AppState
  readonly #options: SidecarOptions
  readonly #servers: {
    readonly http: ReturnType<typeof createHttpApi>
    readonly grpc: ReturnType<typeof createGrpcApi>
  }
  readonly #subscriptions: Subscription[] = []
  readonly #told = new Set<string>()
  #channels: readonly AppChannel[] = []
  #turn = 0

  constructor(options: SidecarOptions) {
    const { app } = options
    this.#options = options
    const nextChannel = () => this.#nextChannel()
    this.state = { ...app, port: app.ports[0] ?? 0, subscriptions: this.#subscriptions, nextChannel }
    const onUnheard = (what: string) => this.#warnOnce(`nobody in this run listens to ${what}`)
    const api = createApi({ ...options, app: this.state, onUnheard })
    this.#servers = { http: createHttpApi(api), grpc: createGrpcApi(api) }
  }

  /** Starts the API. Port 0 takes any free one. */
  listen(wanted: ApiPorts): Promise<ApiPorts> {
    return listen(this.#servers, wanted)
  }

  /** Waits for the app, asks it once, and starts to deliver. Resolves to false if `signal` came first. */
  async connect(signal: AbortSignal): Promise<boolean> {
    const { app, appToken } = this.#options
    const { appId, protocol, ports } = app
    const token: AppToken = appToken ? { 'dapr-api-token': appToken } : {}
    const open = await Promise.all(ports.map((port) => waitForPort(host, port, signal)))
    if (!open.every(Boolean)) return false
    const create = withoutTls(protocol) === 'grpc' ? createGrpcChannel : createHttpChannel
    const channels = ports.map((port) => create({ appId, host, port, token, isOverTls: isOverTls(protocol) }))
    const [first] = channels
    if (first !== undefined) await this.#ask(first).catch((error: Error) => this.#warnOnce(error.message))
    this.#channels = channels
    return true
  }

  /** Cuts the connections to the app; what is in flight fails. */
  async disconnect(): Promise<void> {
    const channels = this.#channels
    this.#channels = []
    await Promise.all(channels.map((channel) => channel.close()))
  }

  /** Closes the API. */
  close(): void {
    this.#servers.grpc.forceShutdown()
    this.#servers.http.close()
    this.#servers.http.closeAllConnections()
  }

  async #ask(channel: AppChannel): Promise<void> {
    const { components } = this.#options.app
    for (const subscription of await channel.subscriptions()) this.#subscribe(subscription)
    const bindings = components.filter((each) => familyOf(each) === 'bindings' && mayBeInput(each))
    const wanted = new Set(await channel.wantedBindings(bindings))
    for (const binding of bindings) if (wanted.has(binding.name)) this.#read(binding)
  }

  #subscribe(subscription: Subscription): void {
    const { pubsub, topic } = subscription
    const { app, broker } = this.#options
    const component = app.components.find((each) => each.name === pubsub && familyOf(each) === 'pubsub')
    if (component === undefined) {
      this.#warnOnce(`it subscribes to ${topic} of ${pubsub}, which is no component of its own`)
      return
    }
    this.#subscriptions.push(subscription)
    this.inputs.push({ kind: 'topic', component, topic })
    const queue = this.#queue<TopicMessage>(topic, (to, message) => to.sendTopicEvent(subscription, message))
    broker.subscribe(component, topic, queue)
  }

  #read(component: Component): void {
    const queue = this.#queue<BindingMessage>(component.name, (to, message) => to.sendBindingEvent(component, message))
    this.inputs.push({ kind: 'binding', component, queue })
    this.#options.broker.read(component, queue)
  }

  #queue<Message>(what: string, send: (to: AppChannel, message: Message) => Promise<Delivery>): DeliveryQueue<Message> {
    const { policy, warn, app } = this.#options
    return new DeliveryQueue<Message>({
      deliver: (message) => this.#deliver((to) => send(to, message)),
      tally: this.tally,
      onLost: (cause) => warn(`${app.appId}: an event of ${what} is lost (${cause})`),
      ...(policy && { policy }),
    })
  }

  async #deliver(send: (to: AppChannel) => Promise<Delivery>): Promise<Delivery> {
    const channel = this.#nextChannel()
    if (channel === undefined) return { kind: 'failed', cause: 'the app is not connected' }
    const delivery = await send(channel)
    const { address } = channel
    if (delivery.kind === 'acknowledged') this.deliveredTo.set(address, (this.deliveredTo.get(address) ?? 0) + 1)
    return delivery
  }

  #nextChannel(): AppChannel | undefined {
    this.#turn += 1
    return this.#channels[this.#turn % this.#channels.length]
  }

  #warnOnce(message: string): void {
    if (this.#told.has(message)) return
    this.#told.add(message)
    this.#options.warn(`${this.#options.app.appId}: ${message}`)
  }
}
