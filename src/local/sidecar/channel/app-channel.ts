// What a sidecar asks of its app and sends to it, whatever the protocol.

import type { BindingMessage, TopicMessage } from '../broker/broker.ts'
import type { Component } from '../broker/component.ts'
import type { Delivery } from '../broker/tally.ts'

export interface Subscription {
  readonly pubsub: string
  readonly topic: string
  /** Where events go: a path over HTTP, a word that the function may look at over gRPC. */
  readonly path: string
  /** The app wants events that carry no CloudEvent wrapped into one. */
  readonly rawPayload: boolean
}

export interface Invocation {
  readonly verb: string
  /** Without a leading slash, with the query. */
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
  readonly body: Buffer
}

export interface InvocationReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
  readonly body: Buffer
}

/** A connection to one app. The questions are asked once, and a failure is final, as it is for a real sidecar. */
export interface AppChannel {
  /** `host:port` */
  readonly address: string
  subscriptions(): Promise<Subscription[]>
  /** Names of those bindings that the app wants to hear of. */
  wantedBindings(bindings: readonly Component[]): Promise<string[]>
  sendTopicEvent(subscription: Subscription, message: TopicMessage): Promise<Delivery>
  sendBindingEvent(component: Component, message: BindingMessage): Promise<Delivery>
  /** Rejects if the app cannot be reached. */
  invoke(invocation: Invocation): Promise<InvocationReply>
  close(): Promise<void>
}

/** The header field by which a sidecar shows its app who it is; none where it has no APP_API_TOKEN. */
export type AppToken = Readonly<Record<string, string>>

/** Where an app is, and how it is spoken to. */
export interface AppAt {
  readonly appId: string
  readonly host: string
  readonly port: number
  readonly token: AppToken
  /** Whatever certificate it has. */
  readonly isOverTls: boolean
}

/** What an app may answer when it is asked for its subscriptions over HTTP; over gRPC it is the same in other words. */
export interface SubscriptionAnswer {
  readonly pubsubname?: string
  readonly topic?: string
  readonly route?: string
  readonly routes?: { readonly default?: string; readonly rules?: readonly { match?: string; path?: string }[] }
  readonly metadata?: Readonly<Record<string, string>>
}

/** Undefined if the entry has no route that can be used here: rules are not evaluated, only those that always match. */
export function readSubscription(answer: SubscriptionAnswer, fallbackPath?: string): Subscription | undefined {
  const always = answer.routes?.rules?.find(({ match }) => !match)?.path
  const path = always || answer.routes?.default || answer.route || fallbackPath
  if (!answer.pubsubname || !answer.topic || path === undefined) return undefined
  const rawPayload = answer.metadata?.rawPayload === 'true'
  return { pubsub: answer.pubsubname, topic: answer.topic, path, rawPayload }
}

/** `direction: input` says that the app need not be asked. */
export function isDeclaredInput(component: Component): boolean {
  return directionsOf(component).includes('input')
}

/** A binding whose direction is declared as output alone is never read. */
export function mayBeInput(component: Component): boolean {
  const directions = directionsOf(component)
  return directions.length === 0 || directions.includes('input')
}

function directionsOf({ metadata }: Component): string[] {
  const text = Object.entries(metadata).find(([key]) => key.toLowerCase() === 'direction')?.[1] ?? ''
  return text
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
}
