// A socket without a network: what is written to it is kept, what arrives arrives when a case says.

import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

export class MemorySocket extends EventEmitter {
  destroyed = false
  readableEnded = false
  writableLength = 0
  writableCorked = 0
  /** The other side reads nothing. */
  isSlow = false
  hasEnded = false
  written: Buffer[] = []
  #isPaused = false
  #waiting: Buffer[] = []
  #isClosed = false
  #error: Error | undefined
  #isConnected = false

  /** As the part of a socket that the engine knows. */
  get socket(): Socket {
    return this as unknown as Socket
  }

  setNoDelay(): void {}

  cork(): void {
    this.writableCorked += 1
  }

  uncork(): void {
    this.writableCorked -= 1
  }

  write(data: Buffer | string, encoding?: BufferEncoding): boolean {
    if (this.destroyed) return false
    if (this.hasEnded) throw new Error('written after the end')
    const bytes = Buffer.from(data as string, encoding)
    this.written.push(bytes)
    if (this.isSlow) this.writableLength += bytes.length
    return !this.isSlow
  }

  end(): void {
    this.hasEnded = true
  }

  destroy(error?: Error): void {
    this.destroyed = true
    this.#error ??= error
  }

  resetAndDestroy(): void {
    this.destroyed = true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  isPaused(): boolean {
    return this.#isPaused
  }

  /** The other side has taken the connection. */
  connect(): void {
    if (this.#isConnected || this.destroyed) return
    this.#isConnected = true
    this.emit('connect')
  }

  /** Bytes of the other side; they wait while nobody reads. Nothing comes behind its last. */
  arrive(bytes: Buffer): void {
    if (bytes.length > 0 && !this.readableEnded) this.#waiting.push(bytes)
  }

  /** The other side has sent its last. */
  finish(): void {
    this.turn()
    if (this.destroyed || this.readableEnded || this.#waiting.length > 0) return
    this.readableEnded = true
    this.emit('end')
  }

  drain(): void {
    if (this.writableLength === 0 || this.destroyed) return
    this.writableLength = 0
    this.emit('drain')
  }

  /** What happens by itself between two reads: what has arrived is read, and who is destroyed is closed. */
  turn(): void {
    while (!this.destroyed && !this.#isPaused && this.#waiting.length > 0) this.emit('data', this.#waiting.shift())
    if (!this.destroyed || this.#isClosed) return
    this.#isClosed = true
    if (this.#error !== undefined) this.emit('error', this.#error)
    this.emit('close')
  }
}
