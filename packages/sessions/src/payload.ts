import { unlessAborted } from './abort.ts'
import type { IncomingChunk } from './contract.ts'
import type { Frame } from './worker-protocol.ts'

/** Called with the bytes that have come so far; throws where they are too many. */
export type PayloadGuard = (receivedBytes: number) => void

/**
 * The body of a chunk as it comes, read only when somebody asks for more. An abort ends a wait for the next piece, and the body is told, but
 * not waited for: one that is stuck would never answer.
 */
export class Payload {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #over = new AbortController()
  readonly #guard: PayloadGuard
  #received = 0
  /** What came and was not taken yet. */
  #rest: Uint8Array | undefined
  #isOver = false

  constructor(body: IncomingChunk['body'], signal: AbortSignal, guard: PayloadGuard) {
    this.#pieces = body instanceof Uint8Array ? onePiece(body) : body[Symbol.asyncIterator]()
    this.#guard = guard
    signal.addEventListener('abort', () => this.close(signal.reason), { signal: this.#over.signal })
    if (signal.aborted) this.close(signal.reason)
  }

  /** The next piece, undefined at the end. It is the reader's until the next call. Rejects with the signal's reason, and what body and guard throw. */
  async next(): Promise<Uint8Array | undefined> {
    this.#over.signal.throwIfAborted()
    const rest = this.#rest
    this.#rest = undefined
    if (rest || this.#isOver) return rest
    const { done, value } = await unlessAborted(this.#pieces.next(), this.#over.signal)
    if (done) {
      this.#isOver = true
      return undefined
    }
    this.#received += value.length
    this.#guard(this.#received)
    return value
  }

  /** Fills `memory`, as far as the body goes. */
  async fill(memory: ArrayBuffer): Promise<Frame> {
    const target = new Uint8Array(memory)
    let bytes = 0
    while (bytes < target.length) {
      const piece = await this.next()
      if (!piece) return { memory, bytes, isLast: true }
      const taken = piece.subarray(0, target.length - bytes)
      target.set(taken, bytes)
      bytes += taken.length
      if (taken.length < piece.length) this.#rest = piece.subarray(taken.length)
    }
    return { memory, bytes, isLast: false }
  }

  /** Lets go of the body where it was not read to its end: whoever waits for a piece is refused with `reason`. */
  close(reason?: unknown): void {
    if (this.#over.signal.aborted) return
    this.#over.abort(reason)
    if (!this.#isOver) this.#pieces.return?.().catch(() => undefined)
    this.#isOver = true
  }
}

async function* onePiece(body: Uint8Array): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield body
}
