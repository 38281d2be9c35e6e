import type { ObjectStore } from '@chronicle/objects'
import { checksum, Opener, type SealedPlace, type SealKey } from '@chronicle/vault'
import type { ChunkFooter } from './chunk-format.ts'
import { FrameDecoder, UnreadableFrame } from './frame-codec.ts'
import type { ObjectTail } from './store-read.ts'

export type SealedChunk = { readonly key: SealKey; readonly place: SealedPlace; readonly footer: ChunkFooter }

/**
 * The payload of a chunk, in one pass and constant memory. Only what was authenticated comes out, and it ends only when the whole was and has the hash
 * of its footer (SE4): until then the reader has a beginning, and does not know that it is right.
 */
export async function* payloadOf(
  store: ObjectStore,
  tail: ObjectTail,
  { key, place, footer }: SealedChunk,
): AsyncGenerator<Uint8Array> {
  const opener = new Opener(key, place)
  const frames = new FramesOnly(footer)
  for await (const piece of sealedPieces(store, tail)) yield* frames.push(opener.push(piece))
  yield* frames.push(opener.end())
  frames.end()
}

/** A small chunk has been read already. */
async function* sealedPieces(store: ObjectStore, { info, start, bytes }: ObjectTail): AsyncGenerator<Uint8Array> {
  if (start === 0) yield bytes
  else yield* (await store.get(info.key)).body
}

/** Decodes the frames of a content and goes past its footer. */
class FramesOnly {
  readonly #footer: ChunkFooter
  readonly #decoder = new FrameDecoder()
  readonly #hash = checksum('sha256')
  #leftBytes: number
  #payloadBytes = 0

  constructor(footer: ChunkFooter) {
    this.#footer = footer
    this.#leftBytes = footer.frameBytes
  }

  push(content: Buffer): Buffer[] {
    const part = content.subarray(0, this.#leftBytes)
    this.#leftBytes -= part.length
    if (part.length === 0) return []
    const payloads = this.#decoder.push(part)
    for (const payload of payloads) {
      this.#hash.update(payload)
      this.#payloadBytes += payload.length
    }
    return payloads
  }

  end(): void {
    const { payloadBytes, payloadSha256 } = this.#footer
    if (this.#leftBytes > 0 || !this.#decoder.isWhole) throw new UnreadableFrame('its last frame is not whole')
    if (this.#payloadBytes === payloadBytes && this.#hash.digest().equals(payloadSha256)) return
    throw new UnreadableFrame('its payload is not the one that its footer names')
  }
}
