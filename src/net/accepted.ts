// Reads what a server's connection brings into memory that is used again.

import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { viewsOf } from './landing.ts'

/** A socket in place of the accepted one, and what it reads; the bytes are the receiver's until it returns, for the next ones may land in `landing` as well. */
export function receiving(accepted: Socket, landing: Buffer, receive: (bytes: Buffer) => void): Socket {
  const view = viewsOf(landing)
  const callback = (length: number) => {
    receive(view(length))
    return true
  }
  return readingInto(accepted, { buffer: landing, callback }) ?? accepted.on('data', receive)
}

/**
 * A socket that reads by `onread` in place of the accepted one; undefined where there can be none (TLS).
 *
 * node:net has `onread` for the sockets of clients alone. An accepted one gets new memory for each read, 64 KiB, and V8 lets
 * 32 MiB of it pile up before it collects any. So a second socket takes over the handle, by an option that node:net and
 * node:cluster use themselves but do not document. The accepted one stays to be counted by its server: each closes the other.
 */
export function readingInto(accepted: Socket, onread: OnReadOpts): Socket | undefined {
  const { _handle: handle } = accepted as Accepted
  if (!handle || accepted.constructor !== Socket) return undefined
  const socket = new Socket({ handle, onread, allowHalfOpen: accepted.allowHalfOpen } as SocketConstructorOpts)
  Object.assign(accepted, { _handle: null })
  socket.once('close', () => accepted.destroy())
  accepted.once('close', () => socket.destroy())
  return socket
}

type Accepted = Socket & { readonly _handle?: object | null; readonly allowHalfOpen?: boolean }
