// The broker of a run, in memory: who publishes and who listens meet here, by what their components point at.

import { ApiError } from '../api-error.ts'
import { bindingsMeet, brokerKey, type Component } from './component.ts'
import type { DeliveryQueue } from './delivery-queue.ts'

/** An event of a topic, as the broker keeps it. */
export interface TopicMessage {
  /** Usually a CloudEvent in JSON; the publisher's own bytes if it asked for `rawPayload`. */
  readonly data: Buffer
  /** Sent along with the event as headers. */
  readonly metadata: Readonly<Record<string, string>>
}

/** An event of an input binding. */
export interface BindingMessage {
  readonly data: Buffer
  readonly metadata: Readonly<Record<string, string>>
}

interface BindingReader {
  readonly component: Component
  readonly queue: DeliveryQueue<BindingMessage>
}

export class Broker {
  readonly #topics = new Map<string, Set<DeliveryQueue<TopicMessage>>>()
  readonly #bindings: BindingReader[] = []

  /** Each app subscribes once to a topic, however many replicas it has: the app is the consumer group. */
  subscribe(component: Component, topic: string, queue: DeliveryQueue<TopicMessage>): void {
    const key = topicKey(component, topic)
    const queues = this.#topics.get(key) ?? new Set()
    this.#topics.set(key, queues.add(queue))
  }

  read(component: Component, queue: DeliveryQueue<BindingMessage>): void {
    this.#bindings.push({ component, queue })
  }

  hasRoom(component: Component, topic: string): boolean {
    return [...(this.#topics.get(topicKey(component, topic)) ?? [])].every((queue) => queue.hasRoom())
  }

  /** Gives the event to every app that subscribed, or to none if one of them has no room. Returns how many they are. */
  publish(component: Component, topic: string, message: TopicMessage): number {
    return pushToAll([...(this.#topics.get(topicKey(component, topic)) ?? [])], message)
  }

  /** Gives the event to every app that reads from what this output binding writes to. Returns how many they are. */
  send(component: Component, message: BindingMessage): number {
    const readers = this.#bindings.filter((reader) => bindingsMeet(component, reader.component))
    return pushToAll(
      readers.map(({ queue }) => queue),
      message,
    )
  }

  close(): void {
    for (const queue of [...this.#topics.values()].flatMap((queues) => [...queues])) queue.close()
    for (const { queue } of this.#bindings) queue.close()
  }
}

function pushToAll<Message>(queues: readonly DeliveryQueue<Message>[], message: Message): number {
  if (!queues.every((queue) => queue.hasRoom())) throw ApiError.full()
  for (const queue of queues) queue.push(message)
  return queues.length
}

const topicKey = (component: Component, topic: string): string => `${brokerKey(component)} ${topic}`
