/**
 * One client's connection: frames become requests, requests are handled at once and concurrently, responses leave in the
 * order of the requests.
 */
import { type Clock, messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { encodeResponse } from '../codec/messages.ts'
import type { Api, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { Disconnect } from '../handler.ts'
import type { BrokerLimits } from '../limits.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { ByteBudget } from './byte-budget.ts'
import { Exchange, type ExchangeConnection } from './exchange.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { correlationIdOf, isRejected, readRequest, routeOf } from './incoming.ts'
import type { BrokerMetrics, Refusal } from './metrics.ts'
import type { OutboxSocket } from './outbox.ts'
import { Pipeline, type PipelineShared } from './pipeline.ts'
import type { ReadyGate } from './ready-gate.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { Route } from './routes.ts'
import { serverErrorOf } from './server-error.ts'

/** A frame of at most this many bytes may arrive in pieces however many others are arriving. */
const smallFrameBytes = 64 * 1024

/** What all connections of a listener share. */
export type ConnectionShared = PipelineShared & {
  readonly limits: BrokerLimits
  readonly clock: Clock
  readonly logger: Logger
  readonly refusals: RefusalLog
  readonly metrics: BrokerMetrics
  readonly routes: readonly (Route | undefined)[]
  readonly gate: ReadyGate
  /** Frames of which a part has come, at their announced sizes. */
  readonly arriving: ByteBudget
  readonly pool: BufferPool
  /** Every read that fits lands here: reads are delivered one by one, so one buffer serves all connections. */
  readonly landing: Buffer
}

/** The socket as a connection uses it. */
export type ConnectionSocket = OutboxSocket & {
  resume(): unknown
  destroy(): unknown
}

export type Peer = { readonly id: number; readonly host: string; readonly port: number }

export class Connection implements FrameSink, ExchangeConnection {
  readonly connectionId: number
  readonly clientHost: string
  readonly #peer: string
  readonly #shared: ConnectionShared
  readonly #socket: ConnectionSocket
  readonly #reader: FrameReader
  readonly #pipeline: Pipeline
  /** Taken from `arriving` for the frame that is arriving, or has arrived and waits to be handled. */
  #reservedBytes = 0
  #fetches = 0
  #handling = false
  #draining = false
  #closed = false
  #controller: AbortController | undefined
  /** Monotonic times: of the last byte in either direction, since when the peer takes nothing, since when a frame is incomplete. */
  #activeAt: number
  #sendingSince = 0
  #partialSince = 0

  constructor(shared: ConnectionShared, socket: ConnectionSocket, peer: Peer) {
    this.#shared = shared
    this.#socket = socket
    this.connectionId = peer.id
    this.clientHost = peer.host
    this.#peer = `${peer.host}:${peer.port}`
    this.#reader = new FrameReader(shared.landing, shared.pool, shared.limits.frameBytesMax, this)
    this.#pipeline = new Pipeline(shared, socket, this.#onSent)
    this.#activeAt = shared.clock.monotonic()
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get closed(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#closed) this.#controller.abort()
    return this.#controller.signal
  }

  /** Nothing is under way: neither a request nor a response. */
  get isIdle(): boolean {
    return this.#pipeline.isIdle
  }

  /** Where the socket puts the bytes that it reads next. */
  target(): Buffer {
    return this.#reader.target()
  }

  /** `bytes` bytes were read into `target`. Returns false when the socket must not be read from for now. */
  landed(bytes: number, target: Uint8Array): boolean {
    if (this.#closed || this.#draining) return false
    const before = this.#arriving(bytes)
    this.#reader.landed(bytes, target)
    return this.#arrived(before)
  }

  /** The same for bytes that the socket brought in a buffer of its own. */
  accept(bytes: Buffer): boolean {
    if (this.#closed || this.#draining) return false
    const before = this.#arriving(bytes.length)
    this.#reader.accept(bytes)
    return this.#arrived(before)
  }

  /** The number of the frame that is incomplete before these bytes, −1 when none is. */
  #arriving(bytes: number): number {
    this.#shared.metrics.bytesIn += bytes
    this.#activeAt = this.#shared.clock.monotonic()
    this.#handling = true
    return this.#reader.midFrame ? this.#reader.frames : -1
  }

  #arrived(incompleteBefore: number): boolean {
    this.#handling = false
    if (this.#reader.frames !== incompleteBefore) this.#partialSince = this.#activeAt
    return !this.#closed && !this.#reader.stalled
  }

  begin(bytes: number): boolean {
    const { arriving } = this.#shared
    // N3: frames that stall can keep only large ones waiting, never the small requests of others that a network has cut in two.
    if (arriving.full && bytes > smallFrameBytes) {
      arriving.wait(this.#resume)
      return false
    }
    arriving.take(bytes)
    this.#reservedBytes = bytes
    return true
  }

  invalidLength(length: number): void {
    this.#refuse('frame-length', { length, accepted: `0 to ${this.#shared.limits.frameBytesMax}` })
  }

  frame(buffer: Buffer, start: number, end: number): boolean {
    const route = routeOf(this.#shared.routes, buffer, start, end)
    if (isRejected(route)) {
      this.#refuse(route.refusal, route.details)
      return true
    }
    if (!this.#admits(route)) return false
    this.#handle(route, buffer, start, end)
    return true
  }

  /** Whether a request may be handled now (N3). Where not, whoever is in the way calls `#resume` later. */
  #admits(route: Route): boolean {
    const { inFlight, unsent, gate } = this.#shared
    // These end by what this connection answers and sends itself.
    if (!this.#pipeline.hasRoom || (route.isFetch && this.#fetches > 0)) return false
    if (route.isFetch && unsent.full) {
      if (this.#pipeline.unsentBytes === 0) unsent.wait(this.#resume)
      return false
    }
    if (route.isProduce && !gate.open) {
      gate.wait(this.#resume)
      return false
    }
    if (inFlight.full) {
      inFlight.wait(this.#resume)
      return false
    }
    return true
  }

  #handle(route: Route, buffer: Buffer, start: number, end: number): void {
    const bytes = end - start
    const read = readRequest(route, buffer, start, end)
    if (isRejected(read)) {
      if (read.refusal === 'unsupported-version' && route.isApiVersions) {
        this.#tellVersions(route, correlationIdOf(buffer, start), bytes)
      } else this.#refuse(read.refusal, read.details)
      return
    }
    const exchange = new Exchange(this, route, read.version, read.correlationId, read.clientId, bytes, this.#activeAt)
    this.#begun(exchange)
    try {
      const answer = route.handler.handle(read.request, exchange)
      if (answer instanceof Promise) {
        answer.then(
          response => this.#answer(exchange, response),
          error => this.#failed(exchange, error),
        )
      } else this.#answer(exchange, answer)
    } catch (error) {
      this.#failed(exchange, error)
    }
  }

  /** ApiVersions in an unknown version is answered in v0, so that the client can choose one (KIP-511). */
  #tellVersions(route: Route, correlationId: number, bytes: number): void {
    const exchange = new Exchange(this, route, 0, correlationId, null, bytes, this.#activeAt)
    this.#begun(exchange)
    const list = route.handler.handle({}, exchange)
    this.#answer(exchange, { ...(list as object), errorCode: ErrorCode.UNSUPPORTED_VERSION })
  }

  #begun(exchange: Exchange): void {
    const { route, bytes } = exchange
    route.count.count++
    if (route.isFetch) this.#fetches++
    this.#shared.inFlight.take(bytes)
    this.#shared.arriving.give(this.#reservedBytes)
    this.#reservedBytes = 0
    this.#pipeline.begin(exchange)
  }

  #failed(exchange: Exchange, error: unknown): void {
    const { api } = exchange.route
    if (error instanceof Disconnect) {
      this.#refuse('acks-0-failed', { api: api.name, reason: error.message })
      return
    }
    const { apiVersion: version } = exchange
    this.#shared.logger.error({ peer: this.#peer, api: api.name, version, error }, 'request failed')
    const response = serverErrorOf(api, version)
    if (response === undefined) this.#refuse('handler-failed', { api: api.name, reason: messageOf(error) })
    else this.#answer(exchange, response)
  }

  #answer(exchange: Exchange, response: object | undefined): void {
    if (this.#closed || !this.#encode(exchange, response)) return
    const { route } = exchange
    route.duration?.observe((this.#shared.clock.monotonic() - exchange.startedAt) / 1000)
    if (route.isFetch) this.#fetches--
    if (this.#pipeline.sendingBytes === 0) this.#sendingSince = this.#shared.clock.monotonic()
    this.#pipeline.answered(exchange)
    this.#resume()
  }

  /** False, and the connection closed, when the response cannot be written as it is declared: a defect of its handler. */
  #encode(exchange: Exchange, response: object | undefined): boolean {
    const { api } = exchange.route
    try {
      exchange.response =
        response === undefined
          ? null
          : encodeResponse(api, exchange.apiVersion, exchange.correlationId, response as ResponseOf<Api>)
      return true
    } catch (error) {
      this.#shared.logger.error({ peer: this.#peer, api: api.name, error }, 'response cannot be written')
      this.#refuse('handler-failed', { api: api.name, reason: messageOf(error) })
      return false
    }
  }

  readonly #onSent = (bytes: number): void => {
    this.#shared.metrics.bytesOut += bytes
    this.#activeAt = this.#shared.clock.monotonic()
    this.#sendingSince = this.#activeAt
    this.#resume()
  }

  /** Offers what was held again, and reads on when nothing is held any more. */
  readonly #resume = (): void => {
    if (this.#closed || this.#handling || !this.#reader.stalled) return
    this.#handling = true
    this.#partialSince = this.#shared.clock.monotonic()
    this.#reader.resume()
    this.#handling = false
    if (!this.#closed && !this.#reader.stalled && !this.#draining) this.#socket.resume()
  }

  /** N5: closes the connection when its peer has used up one of its times. */
  checkTimes(now: number): void {
    const { idleConnectionMsMax, partialFrameMsMax, sendStallMsMax } = this.#shared.limits
    const { sendingBytes } = this.#pipeline
    if (sendingBytes > 0 && now - this.#sendingSince > sendStallMsMax) {
      this.#refuse('send-stalled', { unsentBytes: sendingBytes, sendStallMsMax })
    } else if (this.#reader.midFrame && !this.#reader.stalled && now - this.#partialSince > partialFrameMsMax) {
      this.#refuse('partial-frame', { partialFrameMsMax })
    } else if (this.isIdle && now - this.#activeAt > idleConnectionMsMax) {
      this.#shared.metrics.refused('idle')
      this.#socket.destroy()
    }
  }

  /** Reads nothing more; what was read is answered. */
  drain(): void {
    this.#draining = true
  }

  #refuse(refusal: Refusal, details: Record<string, unknown>): void {
    if (this.#closed) return
    this.#shared.metrics.refused(refusal)
    this.#shared.refusals.say({ peer: this.#peer, refusal, ...details }, 'connection closed by the broker')
    this.#close()
    this.#socket.destroy()
  }

  /** The socket is closed: gives back everything that the connection held (N4). */
  socketClosed(): void {
    this.#close()
    this.#pipeline.socketClosed()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    const { arriving, inFlight, unsent, gate } = this.#shared
    for (const from of [arriving, inFlight, unsent, gate]) from.forget(this.#resume)
    arriving.give(this.#reservedBytes)
    this.#reservedBytes = 0
    this.#reader.close()
    this.#pipeline.close()
    this.#controller?.abort()
  }
}
