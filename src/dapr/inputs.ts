// What the function wants to hear of, and so what we answer when daprd asks.

import { type FuncContext, isTopic } from '../shared/func-context.ts'
import type { Route } from './event.ts'

export interface TopicInput {
  readonly pubsub: string
  readonly topic: string
  /** The path at which daprd posts the events of this topic to us. */
  readonly path: string
  readonly route: Route
  /** Where daprd is to publish what still failed after its retries. */
  readonly deadLetterTopic?: string
}

export interface BindingInput {
  readonly component: string
  /** The path at which daprd posts the events of this binding. */
  readonly path: string
  readonly route: Route
}

export interface Inputs {
  readonly topics: readonly TopicInput[]
  readonly bindings: readonly BindingInput[]
}

/** Inputs of a Function in a fixed order. Two inputs on one topic, or of one binding, are one subscription. */
export function inputsOf(context: FuncContext): Inputs {
  const components = Object.keys(context.inputs ?? {})
    .sort()
    .flatMap((key) => context.inputs?.[key] ?? [])
  const bindings = new Map<string, BindingInput>()
  const topics = new Map<string, TopicInput>()
  for (const component of components.filter((each) => !isTopic(each))) {
    const name = component.componentName
    bindings.set(name, { component: name, path: `/${name}`, route: { kind: 'binding', name } })
  }
  const taken = new Set([...bindings.values()].map((binding) => binding.path))
  for (const { componentName: pubsub, uri: topic = '', metadata } of components.filter(isTopic)) {
    const name = `${pubsub}/${topic}`
    if (topics.has(name)) continue
    const path = freePath(taken, topicPath(topic), `/${encodeURIComponent(pubsub)}${topicPath(topic)}`)
    const { deadLetterTopic } = metadata ?? {}
    const route: Route = { kind: 'topic', name, pubsub, topic }
    topics.set(name, { pubsub, topic, path, route, ...(deadLetterTopic && { deadLetterTopic }) })
  }
  return { topics: [...topics.values()], bindings: [...bindings.values()] }
}

/** The path at which OpenFunction's Go framework serves a topic, safe in a URL, and such that daprd's path.Clean finds nothing to clean. */
export function topicPath(topic: string): string {
  return `/${topic.split('/').filter(Boolean).map(segment).join('/')}`
}

const segment = (name: string): string =>
  name === '.' || name === '..' ? name.replaceAll('.', '%2E') : encodeURIComponent(name)

/** What daprd says of jobs, configuration and actors comes to the same port (dapr channel/http). */
const reserved = /^\/(job|configuration|actors)\//

/** Two pub/sub components may carry topics of one name, and a binding may be named like a topic. */
function freePath(taken: Set<string>, ...candidates: [string, string]): string {
  const isFree = (path: string) => !taken.has(path) && !reserved.test(path)
  const path = candidates.find(isFree) ?? `${candidates[1]}/topic`
  taken.add(path)
  return path
}
