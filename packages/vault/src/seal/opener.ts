import { assert } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import { chunkBytes, sealedChunkBytes } from './chunk-cipher.ts'
import { ChunkOpener } from './chunk-streams.ts'
import { messagePlainBytes, messagePrefixBytes } from './cobblestone.ts'
import type { SealedPlace, SealKey } from './contract.ts'
import { openPrefix, PrefixGatherer } from './prefix.ts'

const noBytes = Buffer.alloc(0)

/** Opens something sealed that is at hand. Throws as {@link Opener} does. */
export function open(sealed: Uint8Array, key: SealKey, expected?: Partial<SealedPlace>): Buffer {
  const gatherer = new PrefixGatherer()
  const found = gatherer.push(sealed)
  if (!found) throw gatherer.endMissing()
  const cipher = openPrefix(found.prefix, key, expected)
  const plainBytes = messagePlainBytes(messagePrefixBytes + found.rest.length)
  if (plainBytes === undefined) throw vaultErrors.create('vault.truncated', { bytes: sealed.length })
  const plain = Buffer.allocUnsafeSlow(plainBytes)
  const fullChunks = Math.floor(plainBytes / chunkBytes)
  const lastAt = fullChunks * sealedChunkBytes
  cipher.openAll(0, found.rest.subarray(0, lastAt), plain, 0)
  plain.set(cipher.openLast(fullChunks, found.rest.subarray(lastAt)), fullChunks * chunkBytes)
  return plain
}

/**
 * Opens piece by piece. All that `push` returns is authenticated (VS3), but only when `end` has returned is it known to be everything (VS4).
 * Holds less than one chunk between calls (VS5). After a refusal every call repeats it.
 *
 * Throws 'vault.not-sealed', 'vault.newer-version', 'vault.tampered' and, from `end`, 'vault.truncated'.
 */
export class Opener {
  readonly #key: SealKey
  readonly #expected: Partial<SealedPlace> | undefined
  readonly #prefix = new PrefixGatherer()
  #chunks: ChunkOpener | undefined
  #refusal: unknown
  #ended = false

  constructor(key: SealKey, expected?: Partial<SealedPlace>) {
    this.#key = key
    this.#expected = expected
  }

  /** Takes the next piece; returns what the chunks hold that are full with it. */
  push(piece: Uint8Array): Buffer {
    return this.#unlessRefused(() => {
      if (this.#chunks) return this.#chunks.push(piece)
      const found = this.#prefix.push(piece)
      if (!found) return noBytes
      this.#chunks = new ChunkOpener(openPrefix(found.prefix, this.#key, this.#expected))
      return this.#chunks.push(found.rest)
    })
  }

  /** What the last chunk holds. */
  end(): Buffer {
    return this.#unlessRefused(() => {
      this.#ended = true
      if (!this.#chunks) throw this.#prefix.endMissing()
      return this.#chunks.end()
    })
  }

  #unlessRefused(step: () => Buffer): Buffer {
    if (this.#refusal !== undefined) throw this.#refusal
    assert(!this.#ended, 'nothing comes behind the end')
    try {
      return step()
    } catch (error) {
      this.#refusal = error
      throw error
    }
  }
}
