// The one HTTP/2 connection to a replica: opened when needed, replaced when it ends.

import { type ClientHttp2Session, connect } from 'node:http2'
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
      const session = connect(`http://${authority(address)}`, {
        settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
        maxSessionMemory: 128,
      })
      const tooLate = setTimeout(() => session.destroy(new Error('not connected in time')), connectTimeoutMs)
      session.once('connect', (_session, socket) => {
        clearTimeout(tooLate)
        socket.setNoDelay(true)
        // Finds a vanished peer when nothing is under way; a PING would be an attack to some servers (grpc-go).
        socket.setKeepAlive(true, 10_000)
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
