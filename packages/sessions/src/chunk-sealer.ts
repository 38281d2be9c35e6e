import type { Random } from '@chronicle/base'
import { checksum, Sealer, type SealKey } from '@chronicle/vault'
import { type ChunkFooter, encodeFooter } from './chunk-format.ts'
import { encodeFrame } from './frame-codec.ts'

/** What a chunk is sealed with, and what of its footer is known beforehand. */
export type ChunkOrder = {
  /** `<session id>/<index>`. */
  readonly place: string
  readonly leafMetadata: Uint8Array
  readonly salt: Uint8Array
  /** Of zstd; undefined: not compressed. */
  readonly compressionLevel: number | undefined
}

/** What is known of a chunk once its last byte was seen. */
export type ChunkSummary = Pick<ChunkFooter, 'payloadSha256' | 'payloadBytes' | 'frameBytes'>

/** Hashes, compresses and seals one chunk, frame by frame, on the thread that calls it. Holds no more than a frame. */
export class ChunkSealer {
  readonly #order: ChunkOrder
  readonly #sealer: Sealer
  readonly #hash = checksum('sha256')
  #ready: Buffer[]
  #payloadBytes = 0
  #frameBytes = 0

  constructor(order: ChunkOrder, key: SealKey, random: Random) {
    this.#order = order
    this.#sealer = new Sealer(key, { kind: 'chunk', place: order.place }, random)
    this.#ready = [this.#sealer.begin()]
  }

  /** Takes the payload of one frame: at most 256 KiB, none for an empty chunk. */
  push(payload: Uint8Array): void {
    if (payload.length === 0) return
    this.#hash.update(payload)
    this.#payloadBytes += payload.length
    for (const part of encodeFrame(payload, this.#order.compressionLevel)) {
      this.#frameBytes += part.length
      this.#ready.push(this.#sealer.push(part))
    }
  }

  /** Seals the footer, and the end. */
  end(): ChunkSummary {
    const { leafMetadata, salt } = this.#order
    const summary = {
      payloadSha256: this.#hash.digest(),
      payloadBytes: this.#payloadBytes,
      frameBytes: this.#frameBytes,
    }
    this.#ready.push(this.#sealer.push(encodeFooter({ leafMetadata, salt, ...summary })), this.#sealer.end())
    return summary
  }

  /** The sealed bytes since the last call, in memory of their own. */
  take(): Uint8Array<ArrayBuffer> {
    const parts = this.#ready.filter(part => part.length > 0)
    this.#ready = []
    const [only] = parts
    // Nearly all frames but the first and the last: no copy.
    if (only && parts.length === 1 && isAlone(only)) return only
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
}

/** Whether bytes have their memory to themselves, so that it may be given away. */
function isAlone(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length
}
