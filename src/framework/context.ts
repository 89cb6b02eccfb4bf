// `ctx`, the first argument of an OpenFunction function: what it may know and do. Each event gets one of its own.

import type { Request, Response } from 'express'
import type { ContextState, FuncContext } from '../shared/func-context.ts'
import type { SidecarAddress } from './config.ts'
import { createSend, type Send } from './output/send.ts'
import type { Sidecar } from './output/sidecar.ts'
import { createStates, type StateOperations } from './output/states.ts'

/** Where an event came from. Not in OpenFunction's framework, which hands over the data alone. */
export interface EventSource {
  readonly kind: 'topic' | 'binding'
  /** Name of the Dapr component. */
  readonly component: string
  readonly topic?: string
  /** The attributes of the CloudEvent, but its data; empty for a binding. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** What the broker or binding said about the message. Names are in lower case where they came as headers. */
  readonly metadata: Readonly<Record<string, string>>
}

/** What set the function off: a request (sync) or an event (async). */
export type Trigger =
  | { readonly req: Request; readonly res: Response; readonly event?: undefined }
  | { readonly event: EventSource; readonly req?: undefined; readonly res?: undefined }

/** All of FUNC_CONTEXT (frozen), the trigger, and the ways out, as OpenFunction's Node framework names them. */
export type FunctionContext = FuncContext &
  Trigger & {
    /** Room for the function's own data, for the time of this event. */
    readonly locals: Record<string, unknown>
    readonly send: Send
    readonly state: StateOperations
    /** The declared state store of that name; without a name, the first. Throws if there is none. */
    getState(name?: string): ContextState
    readonly sidecarPort: { readonly HTTP: string; readonly GRPC: string }
  }

export type ContextMaker = (trigger: Trigger) => FunctionContext

export function createContextMaker(context: FuncContext, sidecar: Sidecar, address: SidecarAddress): ContextMaker {
  const { state, getState } = createStates(context.states ?? {}, sidecar)
  // Shared by all events, so nobody may change it.
  const shared = deepFreeze({
    ...context,
    send: createSend(context.outputs ?? {}, sidecar),
    state,
    getState,
    sidecarPort: { HTTP: String(address.httpPort), GRPC: String(address.grpcPort ?? 50001) },
  })
  return (trigger) => ({ ...shared, ...trigger, locals: {} })
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
