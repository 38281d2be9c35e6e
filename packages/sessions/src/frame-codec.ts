import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { assert } from '@chronicle/base'
import { decodeFrameHeader, encodeFrameHeader, frameHeaderBytes } from './chunk-format.ts'
import { framePayloadBytesMax } from './limits.ts'

/** Below this a zstd frame saves nothing worth its header. */
const compressibleBytesMin = 64

/** A window as large as the largest frame: what looks back further only costs memory. */
const frameWindowLog = 18
assert(2 ** frameWindowLog === framePayloadBytesMax, 'the window is as large as a frame')

/** Header and content of one frame. `level` undefined: not compressed. */
export function encodeFrame(payload: Uint8Array, level: number | undefined): [header: Buffer, stored: Uint8Array] {
  const stored = level === undefined ? payload : compressed(payload, level)
  return [encodeFrameHeader({ payloadBytes: payload.length, storedBytes: stored.length }), stored]
}

/** Compressed where that makes it smaller. */
function compressed(payload: Uint8Array, level: number): Uint8Array {
  if (payload.length < compressibleBytesMin) return payload
  const params = { [zlib.ZSTD_c_compressionLevel]: level, [zlib.ZSTD_c_windowLog]: frameWindowLog }
  const small = zstdCompressSync(payload, { params, chunkSize: payload.length })
  return small.length < payload.length ? small : payload
}

/**
 * Takes the bytes of frames in pieces of any size, returns the payloads of those that are whole. Holds less than one frame between calls. Throws
 * `UnreadableFrame` for bytes that are not frames.
 */
export class FrameDecoder {
  #held: Uint8Array[] = []
  #heldBytes = 0
  /** How many bytes there must be before there is anything to do: a header, or the whole next frame. */
  #neededBytes = frameHeaderBytes

  push(piece: Uint8Array): Buffer[] {
    this.#held.push(piece)
    this.#heldBytes += piece.length
    if (this.#heldBytes < this.#neededBytes) return []
    const bytes = Buffer.concat(this.#held)
    const payloads: Buffer[] = []
    let at = 0
    this.#neededBytes = frameHeaderBytes
    while (bytes.length - at >= this.#neededBytes) {
      const header = decodeFrameHeader(bytes.subarray(at))
      if (!header) throw new UnreadableFrame('a frame header is none')
      this.#neededBytes = frameHeaderBytes + header.storedBytes
      if (bytes.length - at < this.#neededBytes) break
      payloads.push(payloadOf(bytes.subarray(at + frameHeaderBytes, at + this.#neededBytes), header.payloadBytes))
      at += this.#neededBytes
      this.#neededBytes = frameHeaderBytes
    }
    this.#held = [bytes.subarray(at)]
    this.#heldBytes = bytes.length - at
    return payloads
  }

  /** Whether the last frame is whole. */
  get isWhole(): boolean {
    return this.#heldBytes === 0
  }
}

/** Bytes that were sealed, and are not what a chunk holds. */
export class UnreadableFrame extends Error {
  override readonly name = 'UnreadableFrame'
}

function payloadOf(stored: Buffer, payloadBytes: number): Buffer {
  if (stored.length === payloadBytes) return stored
  let payload: Buffer
  try {
    payload = zstdDecompressSync(stored, { maxOutputLength: framePayloadBytesMax })
  } catch (cause) {
    throw new UnreadableFrame('a frame does not decompress', { cause })
  }
  if (payload.length !== payloadBytes) throw new UnreadableFrame('a frame has another length than it says')
  return payload
}
