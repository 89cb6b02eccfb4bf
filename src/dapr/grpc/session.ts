// The one HTTP/2 connection to a replica: opened when needed, replaced when it ends.

import { type ClientHttp2Session, connect } from 'node:http2'
import { dial } from '../dial.ts'
import { authority, type ReplicaAddress } from '../replica.ts'
import { maxHeaderListPairs } from './headers.ts'

export interface SessionHolder {
  /** The open session, or a new one. Rejects if the replica cannot be reached within the connect timeout. */
  open(): Promise<ClientHttp2Session>
  /** No new call goes onto this session. */
  retire(session: ClientHttp2Session): void
  close(): void
  /** Cuts every connection, one that is closing in order as well. */
  abandon(cause: string): void
}

/** `onClosed` is told of each connection that was open and is no more. */
export function createSessionHolder(address: ReplicaAddress, onClosed: () => void): SessionHolder {
  let current: Promise<ClientHttp2Session> | undefined
  let openSession: ClientHttp2Session | undefined
  const living = new Set<ClientHttp2Session>()

  const retire = (session: ClientHttp2Session) => {
    if (openSession === session) {
      openSession = undefined
      current = undefined
    }
  }

  const openOne = () =>
    new Promise<ClientHttp2Session>((resolve, reject) => {
      // A session that is destroyed while it connects says nothing (Node 20), so the socket is ours to give up.
      const socket = dial(address)
      const session = connect(`http://${authority(address)}`, {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
        maxSessionMemory: 128,
        maxHeaderListPairs,
      })
      living.add(session)
      session.once('close', () => living.delete(session))
      session.once('connect', () => {
        session.once('close', onClosed)
        session.setLocalWindowSize(16 * 1024 * 1024)
        openSession = session
        resolve(session)
      })
      session.once('goaway', () => retire(session))
      session.once('close', () => {
        retire(session)
        reject(new Error('closed before it was connected'))
      })
      session.on('error', reject)
    })

  return {
    open() {
      current ??= openOne().catch((error: unknown) => {
        current = undefined
        throw error
      })
      return current
    },
    retire,
    close() {
      current?.then((session) => session.close()).catch(() => {})
      current = undefined
      openSession = undefined
    },
    abandon(cause) {
      for (const session of living) session.destroy(new Error(cause))
    },
  }
}
