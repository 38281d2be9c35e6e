import { timingSafeEqual } from 'node:crypto'
import { assert } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import {
  ChunkCipher,
  chunkBytes,
  deriveMessageKeys,
  messagePrefixBytes,
  saltBytes,
  sealedChunkBytes,
  tagBytes,
} from './cobblestone.ts'
import type { SealedPlace, SealKey } from './contract.ts'
import { checkHeader, headerBytesNeeded, parseSealedHeader, sealedHeaderBytesMax } from './header.ts'

/** Clear header, salt and commitment together are at most so long. */
export const sealedPrefixBytesMax = sealedHeaderBytesMax + messagePrefixBytes

const noBytes = Buffer.alloc(0)

/** Opens something sealed that is at hand. Throws as {@link Opener} does. */
export function open(sealed: Uint8Array, key: SealKey, expected?: Partial<SealedPlace>): Buffer {
  const opener = new Opener(key, expected)
  const full = opener.push(sealed)
  return Buffer.concat([full, opener.end()])
}

/**
 * Opens a message piece by piece. Everything that `push` returns is authenticated (VS3), but only when `end` has returned is it known to be all (VS4).
 * Holds less than one chunk between calls. After a refusal every call repeats it.
 *
 * Throws 'vault.not-sealed', 'vault.newer-version', 'vault.tampered' and, from `end`, 'vault.truncated'.
 */
export class Opener {
  readonly #key: SealKey
  readonly #expected: Partial<SealedPlace> | undefined
  readonly #prefix = new PrefixGatherer()
  readonly #gathering = Buffer.allocUnsafeSlow(sealedChunkBytes)
  #gathered = 0
  #chunks = 0
  #cipher: ChunkCipher | undefined
  #refusal: unknown
  #ended = false

  constructor(key: SealKey, expected?: Partial<SealedPlace>) {
    this.#key = key
    this.#expected = expected
  }

  /** Takes the next piece; returns what the chunks hold that are whole with it. */
  push(piece: Uint8Array): Buffer {
    return this.#unlessRefused(() => {
      if (this.#cipher) return this.#openFull(piece)
      const found = this.#prefix.push(piece)
      if (!found) return noBytes
      this.#cipher = openPrefix(found.prefix, this.#key, this.#expected)
      return this.#openFull(found.rest)
    })
  }

  /** Opens the last chunk and returns what it holds. Throws 'vault.truncated' where the end is missing. */
  end(): Buffer {
    return this.#unlessRefused(() => {
      this.#ended = true
      if (!this.#cipher) throw truncated('header, salt and commitment', this.#prefix.bytes)
      return openLastChunk(this.#cipher, this.#chunks, this.#gathering.subarray(0, this.#gathered))
    })
  }

  #openFull(piece: Uint8Array): Buffer {
    const chunks = Math.floor((this.#gathered + piece.length) / sealedChunkBytes)
    const plain = chunks === 0 ? noBytes : Buffer.allocUnsafeSlow(chunks * chunkBytes)
    let from = 0
    for (let to = 0; to < plain.length; to += chunkBytes) {
      let sealed = piece.subarray(from, from + sealedChunkBytes - this.#gathered)
      from += sealed.length
      if (this.#gathered > 0) {
        this.#gather(sealed)
        sealed = this.#gathering
        this.#gathered = 0
      }
      plain.set(openChunk(this.#cipher!, this.#chunks, sealed), to)
      this.#chunks++
    }
    this.#gather(piece.subarray(from))
    return plain
  }

  #gather(piece: Uint8Array): void {
    this.#gathering.set(piece, this.#gathered)
    this.#gathered += piece.length
  }

  #unlessRefused(step: () => Buffer): Buffer {
    if (this.#refusal !== undefined) throw this.#refusal
    assert(!this.#ended, 'a message ends once')
    try {
      return step()
    } catch (error) {
      this.#refusal = error
      throw error
    }
  }
}

/** Gathers clear header, salt and commitment, which may come in pieces of any size. */
export class PrefixGatherer {
  #gathered: Buffer = noBytes

  get bytes(): number {
    return this.#gathered.length
  }

  /** Both views, once all of the prefix is there. Refuses bytes that cannot become a header as soon as they show. */
  push(piece: Uint8Array): { prefix: Buffer; rest: Uint8Array } | undefined {
    const before = this.#gathered.length
    const taken = piece.subarray(0, sealedPrefixBytesMax - before)
    this.#gathered = Buffer.concat([this.#gathered, taken])
    const headerBytes = headerBytesNeeded(this.#gathered)
    const prefixBytes = headerBytes + messagePrefixBytes
    if (this.#gathered.length < prefixBytes) return undefined
    return { prefix: this.#gathered.subarray(0, prefixBytes), rest: piece.subarray(prefixBytes - before) }
  }
}

/** Derives the message's keys from its clear header and salt, and checks its commitment before anything is opened (VS2, VS3). */
export function openPrefix(prefix: Buffer, key: SealKey, expected: Partial<SealedPlace> | undefined): ChunkCipher {
  const header = parseSealedHeader(prefix)
  checkHeader(header, key, expected)
  const saltAt = header.headerBytes
  const commitmentAt = saltAt + saltBytes
  const keys = deriveMessageKeys(key.secret, prefix.subarray(saltAt, commitmentAt), prefix.subarray(0, saltAt))
  const commitment = prefix.subarray(commitmentAt, saltAt + messagePrefixBytes)
  if (!timingSafeEqual(commitment, keys.commitment)) {
    const why = 'the commitment does not fit: another key, or a changed header or salt'
    throw vaultErrors.create('vault.tampered', { where: 'commitment', why, keyId: header.keyId, epoch: header.epoch })
  }
  return new ChunkCipher(keys)
}

/** Opens a full chunk, or refuses it. */
export function openChunk(cipher: ChunkCipher, number: number, sealed: Uint8Array): Buffer {
  const plain = cipher.open(number, sealed)
  if (!plain) throw vaultErrors.create('vault.tampered', { where: `chunk ${number}`, why: 'its tag does not fit' })
  return plain
}

/** Opens what stands behind the last full chunk: the last chunk, if the message is whole (VS4). */
export function openLastChunk(cipher: ChunkCipher, number: number, sealed: Uint8Array): Buffer {
  if (sealed.length < tagBytes) throw truncated(`chunk ${number}`, sealed.length)
  assert(sealed.length < sealedChunkBytes, 'the last chunk is shorter than a full one')
  const plain = cipher.open(number, sealed)
  if (plain) return plain
  const why = 'its tag does not fit: it was changed, or the end is missing'
  throw vaultErrors.create('vault.tampered', { where: `chunk ${number}, the last one`, why, bytes: sealed.length })
}

function truncated(where: string, bytes: number) {
  return vaultErrors.create('vault.truncated', { where, bytes })
}
