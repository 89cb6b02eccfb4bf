// The one HTTP/2 connection to a replica: opened when needed, replaced when it ends.

import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { authority, connectTimeoutMs, type ReplicaAddress } from '../replica.ts'

export interface SessionHolder {
  /** The open session, or a new one. Rejects if the replica cannot be reached within the connect timeout. */
  open(): Promise<ClientHttp2Session>
  /** No new call goes onto this session. */
  retire(session: ClientHttp2Session): void
  close(): void
}

export function createSessionHolder(address: ReplicaAddress): SessionHolder {
  let current: Promise<ClientHttp2Session> | undefined
  let openSession: ClientHttp2Session | undefined

  const retire = (session: ClientHttp2Session) => {
    if (openSession === session) {
      openSession = undefined
      current = undefined
    }
  }

  const dial = () =>
    new Promise<ClientHttp2Session>((resolve, reject) => {
      // A session that is destroyed while it connects says nothing (Node 20), so the socket is ours to give up.
      const socket = connectSocket(address)
      const tooLate = setTimeout(() => socket.destroy(new Error('not connected in time')), connectTimeoutMs)
      // Finds a vanished peer when nothing is under way; a PING would be an attack to some servers (grpc-go).
      socket.setKeepAlive(true, 10_000)
      socket.setNoDelay(true)
      const session = connect(`http://${authority(address)}`, {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
        maxSessionMemory: 128,
      })
      session.once('connect', () => {
        clearTimeout(tooLate)
        session.setLocalWindowSize(16 * 1024 * 1024)
        openSession = session
        resolve(session)
      })
      session.once('goaway', () => retire(session))
      session.once('close', () => {
        clearTimeout(tooLate)
        retire(session)
        reject(new Error('closed before it was connected'))
      })
      session.on('error', reject)
    })

  return {
    open() {
      current ??= dial().catch((error: unknown) => {
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
  }
}
