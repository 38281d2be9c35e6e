/**
 * Parquet's modular encryption, AES_GCM_V1: every module of a file (page header, page, index, filter, footer) is sealed by itself and
 * bound to its place (PP8).
 *
 *     OFFSET  SIZE  FIELD
 *          0     4  length of what follows, little-endian
 *          4    12  nonce, random
 *         16     n  ciphertext
 *     16 + n    16  tag
 *
 *     authenticated with it: the file's prefix, if it has one, its unique bytes, module type (1), and but for the footer
 *     row group (2), column (2) and for data pages and their headers page (2), little-endian
 *
 * Source: https://github.com/apache/parquet-format/blob/master/Encryption.md
 */
import { createCipheriv, type KeyObject } from 'node:crypto'
import { packerErrors } from '../errors.ts'
import { writeUint32 } from './byte-buffer.ts'
import type { ParquetEncryption } from './contract.ts'

export const moduleTypes = {
  footer: 0,
  dataPage: 2,
  dictionaryPage: 3,
  dataPageHeader: 4,
  dictionaryPageHeader: 5,
  columnIndex: 6,
  offsetIndex: 7,
  bloomFilterHeader: 8,
  bloomFilterBitset: 9,
} as const

export type ModuleType = (typeof moduleTypes)[keyof typeof moduleTypes]

/** Where in the file a module stands: row group, column and page, as far as its type has them. */
export type Ordinals = readonly number[]

export const lengthBytes = 4
export const nonceBytes = 12
export const tagBytes = 16
/** What a module takes beside its content. */
export const moduleOverheadBytes = lengthBytes + nonceBytes + tagBytes
/** Nonces that are taken from the source of randomness in one call. */
const noncesAtOnce = 256
/** Ordinals are 16-bit integers with a sign. */
export const ordinalMax = 0x7fff

/** What a module is authenticated with: nothing of one file passes for another part of it, or for a part of another. */
export function moduleIdentity(file: Uint8Array, type: ModuleType, ordinals: Ordinals): Uint8Array {
  const identity = Buffer.alloc(file.length + 1 + ordinals.length * 2)
  identity.set(file)
  identity[file.length] = type
  for (const [at, ordinal] of ordinals.entries()) identity.writeInt16LE(ordinal, file.length + 1 + at * 2)
  return identity
}

export function gcmOf(key: KeyObject): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  return `aes-${(key.symmetricKeySize! * 8) as 128 | 192 | 256}-gcm`
}

export class ModuleCipher {
  readonly #encryption: ParquetEncryption
  #nonces: Uint8Array = new Uint8Array(0)

  constructor(encryption: ParquetEncryption) {
    this.#encryption = encryption
  }

  seal(bytes: Uint8Array, type: ModuleType, ordinals: Ordinals): Uint8Array {
    if (ordinals.some(ordinal => ordinal > ordinalMax)) {
      throw packerErrors.create('packer.parquet-too-many-row-groups', { max: ordinalMax + 1 })
    }
    const { key, aadFileUnique } = this.#encryption
    const nonce = this.#nextNonce()
    const cipher = createCipheriv(gcmOf(key), key, nonce, { authTagLength: tagBytes })
    cipher.setAAD(moduleIdentity(aadFileUnique, type, ordinals))
    const ciphertext = cipher.update(bytes)
    cipher.final()
    const sealed = Buffer.allocUnsafe(moduleOverheadBytes + ciphertext.length)
    writeUint32(sealed, 0, sealed.length - lengthBytes)
    sealed.set(nonce, lengthBytes)
    sealed.set(ciphertext, lengthBytes + nonceBytes)
    sealed.set(cipher.getAuthTag(), lengthBytes + nonceBytes + ciphertext.length)
    return sealed
  }

  #nextNonce(): Uint8Array {
    if (this.#nonces.length === 0) this.#nonces = this.#encryption.random.bytes(nonceBytes * noncesAtOnce)
    const nonce = this.#nonces.subarray(0, nonceBytes)
    this.#nonces = this.#nonces.subarray(nonceBytes)
    return nonce
  }
}
