// What an app may ask of its sidecar, whatever the protocol.

import type { AppProtocol } from '../../../shared/app-protocol.ts'
import { ApiError } from '../api-error.ts'
import type { Broker } from '../broker/broker.ts'
import { type Component, familyOf } from '../broker/component.ts'
import type { StateStores, StateView } from '../broker/state-store.ts'
import type { AppChannel, Invocation, InvocationReply, Subscription } from '../channel/app-channel.ts'
import { cloudEvent } from '../cloud-event.ts'

export interface PublishOptions {
  readonly contentType: string
  readonly metadata: Readonly<Record<string, string>>
  readonly traceparent?: string | undefined
}

/** Everything throws an ApiError if it cannot be done. */
export interface DaprApi {
  publish(pubsub: string, topic: string, data: Buffer, options: PublishOptions): void
  invokeBinding(name: string, data: Buffer, metadata: Readonly<Record<string, string>>): void
  invoke(appId: string, invocation: Invocation): Promise<InvocationReply>
  state(store: string): StateView
  describe(): Description
  /** The app has been asked what it wants to hear of, and events flow. */
  isReady(): boolean
}

export interface Description {
  readonly appId: string
  readonly components: readonly Component[]
  readonly subscriptions: readonly Subscription[]
  readonly port: number
  readonly protocol: AppProtocol
}

/** One app as its own sidecar and those of the others know it. */
export interface AppState extends Description {
  /** Undefined until the app has answered the sidecar's questions. */
  readonly nextChannel: () => AppChannel | undefined
}

export interface ApiOptions {
  readonly app: AppState
  readonly findApp: (appId: string) => AppState | undefined
  readonly broker: Broker
  readonly states: StateStores
  /** Told of an event that nobody in this run listens to. */
  readonly onUnheard: (what: string) => void
}

export function createApi({ app, findApp, broker, states, onUnheard }: ApiOptions): DaprApi {
  const component = (name: string, family: string) =>
    app.components.find((each) => each.name === name && familyOf(each) === family)
  return {
    publish(pubsub, topic, data, { contentType, metadata, traceparent }) {
      const found = component(pubsub, 'pubsub')
      if (found === undefined) throw ApiError.noPubsub(pubsub)
      const { rawPayload, ...rest } = metadata
      const isRaw = rawPayload === 'true'
      const wrapped = () => cloudEvent({ pubsub, topic, data, contentType, source: app.appId, traceparent })
      const message = { data: isRaw ? data : wrapped(), metadata: deliverable(rest) }
      if (broker.publish(found, topic, message) === 0) onUnheard(`topic ${topic} of ${pubsub}`)
    },
    invokeBinding(name, data, metadata) {
      const found = component(name, 'bindings')
      if (found === undefined) throw ApiError.noBinding(name)
      if (broker.send(found, { data, metadata: deliverable(metadata) }) === 0) onUnheard(`binding ${name}`)
    },
    async invoke(target, invocation) {
      const channel = findApp(target)?.nextChannel()
      if (channel === undefined) throw ApiError.notInvoked(`app ${target} is not here, or not ready yet`)
      const headers = {
        ...deliverable(invocation.headers),
        'dapr-caller-app-id': app.appId,
        'dapr-callee-app-id': target,
      }
      return channel.invoke({ ...invocation, headers }).catch((error: Error) => {
        throw ApiError.notInvoked(error.message)
      })
    },
    state(store) {
      const found = component(store, 'state')
      if (found === undefined) throw ApiError.noStore(store)
      return states.view(found, app.appId)
    },
    describe: () => app,
    isReady: () => app.nextChannel() !== undefined,
  }
}

// Headers of one connection, and those that the sidecar sets itself, never travel on.
const notDeliverable =
  /^(connection|keep-alive|proxy-.*|transfer-encoding|upgrade|te|trailer|host|expect|content-.*|accept-encoding|dapr-app-id|dapr-api-token)$/i

function deliverable(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !notDeliverable.test(key)))
}
