/** What the tests of decryption share: a file in memory as a source, and the whole plain file. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { seededRandom } from '@chronicle/base'
import type { ParquetEncryption } from '../src/parquet/contract.ts'
import { decryptParquet, type ParquetDecryption, type ParquetSource } from '../src/parquet/index.ts'

export function sourceOf(file: Uint8Array): ParquetSource {
  return { size: file.length, read: (at, length) => file.subarray(at, at + length) }
}

export function decrypt(file: Uint8Array, key: KeyObject, more: Partial<ParquetDecryption> = {}): Buffer {
  return Buffer.concat([...decryptParquet(sourceOf(file), { keyOf: () => key, ...more })])
}

export function encryptionOf(keyBytes = 32, unique = 'chronicl'): ParquetEncryption {
  const key = createSecretKey(Buffer.alloc(keyBytes, 7))
  return { key, keyMetadata: Buffer.from('key 7'), aadFileUnique: Buffer.from(unique), random: seededRandom(4711) }
}
