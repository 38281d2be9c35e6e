import type { ByteBudget } from './byte-budget.ts'

/** One write is about this large, whatever the pieces are: after each the progress of a slow peer is seen and what was sent is released. */
const writeBytesMax = 1024 * 1024
/** Pieces up to this size are copied together: a copy costs less than one more entry of a writev. */
const smallPieceBytesMax = 4 * 1024

/** The part of a socket that is written to. */
export type OutboxSocket = {
  cork(): void
  uncork(): void
  write(bytes: Uint8Array, sent?: (error?: Error | null) => void): unknown
}

/** One response, as pieces that are sent as they are. */
type Outgoing = {
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
  readonly releases: readonly (() => void)[] | undefined
}

/** The responses of one connection that have not left yet, in order. One write is under way at a time. */
export class Outbox {
  readonly #socket: OutboxSocket
  readonly #total: ByteBudget
  readonly #onSent: (bytes: number) => void
  #queue: Outgoing[] = []
  /** The first piece of the first response that was not handed to the socket in full, and how much of it was. */
  #nextPiece = 0
  #pieceStart = 0
  /** Responses at the front of the queue that the write under way completes. */
  #completing = 0
  #writing = false
  #scheduled = false
  #closed = false
  #bytes = 0

  /** `onSent` is called after each write with the bytes that have left. */
  constructor(socket: OutboxSocket, total: ByteBudget, onSent: (bytes: number) => void) {
    this.#socket = socket
    this.#total = total
    this.#onSent = onSent
  }

  /** Bytes of responses that were not sent in full. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Sends a response, which was taken from the budget already, with whatever else comes in this turn of the event loop. `releases`
   * run when it has left, or never will.
   */
  push(pieces: readonly Uint8Array[], bytes: number, releases: readonly (() => void)[] | undefined): void {
    this.#queue.push({ pieces, bytes, releases })
    this.#bytes += bytes
    if (this.#scheduled || this.#writing) return
    this.#scheduled = true
    process.nextTick(this.#flush)
  }

  /** Nothing more will be sent: releases everything. To be called when the kernel holds no more of it. */
  close(): void {
    this.#closed = true
    this.#drop(this.#queue.length)
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    if (this.#writing || this.#closed || this.#queue.length === 0) return
    this.#writing = true
    const chunks = this.#gather()
    const last = chunks.length - 1
    if (last > 0) this.#socket.cork()
    for (let at = 0; at < last; at++) this.#socket.write(chunks[at]!)
    this.#socket.write(chunks[last]!, this.#sent)
    if (last > 0) this.#socket.uncork()
  }

  readonly #sent = (error?: Error | null): void => {
    // A failed write closes the socket, and `close` releases what is left here.
    if (error || this.#closed) return
    this.#writing = false
    const bytes = this.#bytes
    this.#drop(this.#completing)
    this.#completing = 0
    this.#onSent(bytes - this.#bytes)
    if (this.#queue.length > 0) this.#flush()
  }

  /** The next pieces to write, small neighbours joined. */
  #gather(): Uint8Array[] {
    const chunks: Uint8Array[] = []
    let small: Uint8Array[] = []
    let smallBytes = 0
    let bytes = 0
    const join = (): void => {
      if (small.length === 1) chunks.push(small[0]!)
      else if (small.length > 1) chunks.push(joined(small, smallBytes))
      small = []
      smallBytes = 0
    }
    let at = 0
    for (; at < this.#queue.length && bytes < writeBytesMax; at++) {
      const { pieces } = this.#queue[at]!
      while (this.#nextPiece < pieces.length && bytes < writeBytesMax) {
        const piece = this.#take(pieces[this.#nextPiece]!)
        bytes += piece.length
        if (piece.length <= smallPieceBytesMax) {
          small.push(piece)
          smallBytes += piece.length
        } else {
          join()
          chunks.push(piece)
        }
      }
      if (this.#nextPiece < pieces.length) break
      this.#nextPiece = 0
    }
    this.#completing = at
    join()
    return chunks
  }

  /** What is left of `piece`, or as much of it as one write takes. */
  #take(piece: Uint8Array): Uint8Array {
    const start = this.#pieceStart
    const end = Math.min(start + writeBytesMax, piece.length)
    const isWhole = end === piece.length
    this.#pieceStart = isWhole ? 0 : end
    if (isWhole) this.#nextPiece++
    return start === 0 && isWhole ? piece : piece.subarray(start, end)
  }

  #drop(count: number): void {
    if (count === 0) return
    const dropped = this.#queue
    this.#queue = count === dropped.length ? [] : dropped.slice(count)
    let bytes = 0
    for (let at = 0; at < count; at++) {
      const { releases, bytes: size } = dropped[at]!
      bytes += size
      if (releases !== undefined) for (const release of releases) release()
    }
    this.#bytes -= bytes
    this.#total.give(bytes)
  }
}

function joined(pieces: readonly Uint8Array[], bytes: number): Buffer {
  const target = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const piece of pieces) {
    target.set(piece, at)
    at += piece.length
  }
  return target
}
