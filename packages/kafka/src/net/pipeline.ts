import { BoundedQueue } from '@chronicle/base'
import type { BrokerLimits } from '../limits.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { Exchange } from './exchange.ts'
import { Outbox, type OutboxSocket } from './outbox.ts'

type PipelineLimits = Pick<
  BrokerLimits,
  'requestsInFlightMax' | 'inFlightBytesPerConnectionMax' | 'responseBytesBufferedMax'
>

export type PipelineShared = {
  readonly limits: PipelineLimits
  /** Requests that are being handled or wait for their turn to be answered. */
  readonly inFlight: ByteBudget
  /** Responses that have not left yet. */
  readonly unsent: ByteBudget
}

/** The requests of one connection that are under way, and the order in which their responses leave (N2). */
export class Pipeline {
  readonly #shared: PipelineShared
  /** In the order of their requests; the first that has a response leaves first. */
  readonly #pending: BoundedQueue<Exchange>
  readonly #outbox: Outbox
  #pendingBytes = 0
  /** Of responses that are ready and wait for one before them. */
  #readyBytes = 0

  /** `onSent` is called after each write with the bytes that have left. */
  constructor(shared: PipelineShared, socket: OutboxSocket, onSent: (bytes: number) => void) {
    this.#shared = shared
    this.#pending = new BoundedQueue(shared.limits.requestsInFlightMax)
    this.#outbox = new Outbox(socket, shared.unsent, onSent)
  }

  /** Nothing is under way: neither a request nor a response. */
  get isIdle(): boolean {
    return this.#pending.length === 0 && this.#outbox.bytes === 0
  }

  /** Whether one more request may begin (N3). Where not, answers and sends of this connection make room. */
  get hasRoom(): boolean {
    const { limits } = this.#shared
    return (
      this.#pending.length < limits.requestsInFlightMax &&
      this.#pendingBytes < limits.inFlightBytesPerConnectionMax &&
      this.unsentBytes < limits.responseBytesBufferedMax
    )
  }

  /** Bytes of responses that were made and have not left. */
  get unsentBytes(): number {
    return this.#outbox.bytes + this.#readyBytes
  }

  /** Bytes of responses that the peer could have taken. */
  get sendingBytes(): number {
    return this.#outbox.bytes
  }

  /** Takes the place for a request's response. The request's bytes were taken from the budget. */
  begin(exchange: Exchange): void {
    this.#pending.push(exchange)
    this.#pendingBytes += exchange.bytes
  }

  /** `exchange` has got its response, or null. */
  answered(exchange: Exchange): void {
    const bytes = exchange.response?.bytes ?? 0
    this.#readyBytes += bytes
    this.#shared.unsent.take(bytes)
    if (this.#pending.peek() === exchange) this.#sendInOrder()
  }

  #sendInOrder(): void {
    for (let next = this.#pending.peek(); next?.response !== undefined; next = this.#pending.peek()) {
      this.#pending.shift()
      this.#pendingBytes -= next.bytes
      this.#shared.inFlight.give(next.bytes)
      if (next.response === null) {
        next.drop()
        continue
      }
      const { pieces, bytes } = next.response
      this.#readyBytes -= bytes
      this.#outbox.push(pieces, bytes, next.releases)
    }
  }

  /** Nothing more will be answered. What the kernel may still be sending is kept until `sent`. */
  close(): void {
    this.#shared.inFlight.give(this.#pendingBytes)
    this.#shared.unsent.give(this.#readyBytes)
    this.#pendingBytes = 0
    this.#readyBytes = 0
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) next.drop()
  }

  /** The socket is closed: the kernel holds nothing any more. */
  socketClosed(): void {
    this.#outbox.close()
  }
}
