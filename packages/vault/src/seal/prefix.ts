import { vaultErrors } from '../errors.ts'
import type { ChunkCipher } from './chunk-cipher.ts'
import { messagePrefixBytes, openMessage } from './cobblestone.ts'
import type { SealedHeader, SealedPlace, SealKey } from './contract.ts'
import { checkHeader, headerBytesNeeded, parseSealedHeader, sealedHeaderBytesMax } from './header.ts'

/** Clear header, salt and commitment: what stands before the first chunk is at most so long. */
export const prefixBytesMax = sealedHeaderBytesMax + messagePrefixBytes

/** Gathers the prefix of something sealed, which may come in pieces of any size. */
export class PrefixGatherer {
  #gathered: Buffer = Buffer.alloc(0)

  /** The prefix, once all of it is there, and what follows it in the piece. Refuses what cannot become one as soon as that shows. */
  push(piece: Uint8Array): { prefix: Buffer; rest: Uint8Array } | undefined {
    const before = this.#gathered.length
    this.#gathered = Buffer.concat([this.#gathered, piece.subarray(0, prefixBytesMax - before)])
    const prefixBytes = headerBytesNeeded(this.#gathered) + messagePrefixBytes
    if (this.#gathered.length < prefixBytes) return undefined
    return { prefix: this.#gathered.subarray(0, prefixBytes), rest: piece.subarray(prefixBytes - before) }
  }

  /** What to throw when the bytes end before the prefix does. */
  endMissing(): Error {
    const where = 'clear header, salt and commitment'
    return vaultErrors.create('vault.truncated', { where, bytes: this.#gathered.length })
  }
}

/** What opens the chunks behind `prefix`, once header and commitment fit (VS2, VS3). Throws 'vault.tampered'. */
export function openPrefix(prefix: Buffer, key: SealKey, expected: Partial<SealedPlace> | undefined): ChunkCipher {
  const header: SealedHeader = parseSealedHeader(prefix)
  checkHeader(header, key, expected)
  const { keyId, epoch, headerBytes } = header
  const cipher = openMessage(key.secret, prefix.subarray(headerBytes), prefix.subarray(0, headerBytes))
  if (cipher) return cipher
  const why = 'it does not fit: this is another key, or the header or the salt was changed'
  throw vaultErrors.create('vault.tampered', { where: 'commitment to the key', why, keyId, epoch })
}
