import { createConnection, type Socket } from 'node:net'
import { BoundedQueue } from '@chronicle/base'
import { decodeResponse, encodeRequest } from './codec/messages.ts'
import type { Api, RequestToSend, ResponseReceived } from './codec/schema.ts'
import { kafkaErrors } from './errors.ts'
import { BufferPool } from './net/buffer-pool.ts'
import { FrameReader } from './net/frame-reader.ts'

export type KafkaConnectionOptions = {
  readonly port: number
  readonly host?: string
  readonly clientId?: string
  /** Longest response that is read. A longer one closes the connection. */
  readonly frameBytesMax?: number
  /** Requests whose answers have not come. One more is refused. */
  readonly requestsInFlightMax?: number
}

const landingBytes = 256 * 1024

type Waiting = { answer(frame: Buffer): void; fail(error: Error): void }

/** A client's side of one connection: requests go out as they are made, answers come in the same order. Nothing is retried. */
export class KafkaConnection {
  readonly #socket: Socket
  readonly #clientId: string
  readonly #waiting: BoundedQueue<Waiting>
  readonly #reader: FrameReader
  #lastId = 0
  #lost: Error | undefined

  private constructor(options: KafkaConnectionOptions, connected: () => void, failed: (error: Error) => void) {
    const { port, host = '127.0.0.1', frameBytesMax = 0x7fffffff, requestsInFlightMax = 10_000 } = options
    const landing = Buffer.allocUnsafeSlow(landingBytes)
    this.#clientId = options.clientId ?? 'chronicle'
    this.#waiting = new BoundedQueue(requestsInFlightMax)
    this.#reader = new FrameReader(landing, new BufferPool(), frameBytesMax, {
      frame: (buffer, start, end) => this.#frame(buffer, start, end),
      begin: () => true,
      invalidLength: length => this.#lose({ length, accepted: `0 to ${frameBytesMax}` }),
    })
    const onread = {
      buffer: () => this.#reader.target(),
      callback: (bytes: number, target: Uint8Array) => {
        this.#reader.landed(bytes, target)
        return true
      },
    }
    this.#socket = createConnection({ port, host, noDelay: true, onread }, connected)
    this.#socket.on('error', error => {
      failed(error)
      this.#lose({ reason: error.message })
    })
    this.#socket.on('close', () => this.#lose({}))
  }

  /** Rejects with the socket's error. */
  static connect(options: KafkaConnectionOptions): Promise<KafkaConnection> {
    return new Promise((resolve, reject) => {
      const connection: KafkaConnection = new KafkaConnection(options, () => resolve(connection), reject)
    })
  }

  /** Rejects with 'kafka.connection-lost', 'kafka.too-many-requests', or as encoding and decoding do. */
  send<A extends Api>(api: A, version: number, request: RequestToSend<A>): Promise<ResponseReceived<A>> {
    return new Promise((resolve, reject) => {
      if (this.#lost) throw this.#lost
      const waiting: Waiting = {
        answer: frame => resolve(decodeResponse(api, version, frame).value),
        fail: reject,
      }
      const { pieces } = this.#encode(api, version, request)
      if (!this.#waiting.push(waiting)) {
        throw kafkaErrors.create('kafka.too-many-requests', { accepted: this.#waiting.capacity })
      }
      this.#write(pieces)
    })
  }

  /** Sends a request that is not answered: Produce with acks=0. */
  tell<A extends Api>(api: A, version: number, request: RequestToSend<A>): void {
    if (this.#lost) throw this.#lost
    this.#write(this.#encode(api, version, request).pieces)
  }

  /** Closes at once; what waits for an answer is rejected. */
  close(): Promise<void> {
    return new Promise(resolve => {
      if (this.#socket.closed) resolve()
      else this.#socket.once('close', () => resolve()).destroy()
    })
  }

  #encode<A extends Api>(api: A, version: number, request: RequestToSend<A>) {
    return encodeRequest(
      api,
      version,
      { correlationId: ++this.#lastId & 0x7fffffff, clientId: this.#clientId },
      request,
    )
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #frame(buffer: Buffer, start: number, end: number): boolean {
    const waiting = this.#waiting.shift()
    // A copy, since the answer's records are views of it.
    const frame = Buffer.from(buffer.subarray(start, end))
    if (waiting === undefined) this.#lose({ reason: 'an answer came that nothing had been asked for' })
    else {
      try {
        waiting.answer(frame)
      } catch (error) {
        waiting.fail(error as Error)
      }
    }
    return true
  }

  #lose(details: Record<string, string | number>): void {
    if (this.#lost) return
    this.#lost = kafkaErrors.create('kafka.connection-lost', details)
    this.#reader.close()
    this.#socket.destroy()
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) next.fail(this.#lost)
  }
}
