import { vaultErrors } from '../errors.ts'
import { type ChunkCipher, chunkBytes, sealedChunkBytes } from './chunk-cipher.ts'
import { messagePlainBytes, messagePrefixBytes } from './cobblestone.ts'
import type { SealedHeader, SealedPlace } from './contract.ts'
import { parseSealedHeader } from './header.ts'
import { openPrefix, prefixBytesMax } from './prefix.ts'
import { type KeyChoice, keyFor } from './streams.ts'

/** Reads the bytes [start, end) of something sealed. */
export type RangeReader = (start: number, end: number) => Promise<Uint8Array>

/** Something sealed that is opened in parts. */
export type SealedRanges = {
  readonly header: SealedHeader
  /** How many bytes were sealed: authenticated (VS7). */
  readonly plainBytes: number
  /**
   * The bytes [start, end) of what was sealed, by one read of the chunks that they lie in. Takes memory for as much as is asked for, and keeps none of it.
   * Rejects with 'vault.invalid-argument', 'vault.tampered', 'vault.truncated'.
   */
  read(start: number, end: number): Promise<Buffer>
}

/**
 * Opens something of `sealedBytes` bytes to be read in parts. The last chunk is opened first: that authenticates the length (VS7).
 * Rejects as {@link Opener} throws, and with what `read` and `key` reject with.
 */
export async function openRandomAccess(
  read: RangeReader,
  sealedBytes: number,
  key: KeyChoice,
  expected?: Partial<SealedPlace>,
): Promise<SealedRanges> {
  const start = await readWhole(read, 0, Math.min(sealedBytes, prefixBytesMax))
  const header = parseSealedHeader(start)
  const chunksAt = header.headerBytes + messagePrefixBytes
  const plainBytes = messagePlainBytes(sealedBytes - header.headerBytes)
  if (plainBytes === undefined) throw vaultErrors.create('vault.truncated', { bytes: sealedBytes })
  const cipher = openPrefix(start.subarray(0, chunksAt), await keyFor(key, header), expected)
  const lastChunk = Math.floor(plainBytes / chunkBytes)
  const message = { read, cipher, chunksAt, sealedBytes, lastChunk }
  await readChunks(message, lastChunk, lastChunk)
  return {
    header,
    plainBytes,
    async read(start, end) {
      checkRange(start, end, plainBytes)
      if (start === end) return Buffer.alloc(0)
      const first = Math.floor(start / chunkBytes)
      const plain = await readChunks(message, first, Math.floor((end - 1) / chunkBytes))
      return plain.subarray(start - first * chunkBytes, end - first * chunkBytes)
    },
  }
}

type Message = {
  readonly read: RangeReader
  readonly cipher: ChunkCipher
  /** Where chunk 0 begins in the sealed bytes. */
  readonly chunksAt: number
  readonly sealedBytes: number
  readonly lastChunk: number
}

/** What the chunks `first` to `last`, both included, hold. */
async function readChunks({ read, cipher, chunksAt, sealedBytes, lastChunk }: Message, first: number, last: number) {
  const from = chunksAt + first * sealedChunkBytes
  const sealed = await readWhole(read, from, Math.min(chunksAt + (last + 1) * sealedChunkBytes, sealedBytes))
  const fullChunks = last === lastChunk ? last - first : last - first + 1
  const fullBytes = fullChunks * sealedChunkBytes
  const plain = Buffer.allocUnsafeSlow(fullChunks * chunkBytes)
  cipher.openAll(first, sealed.subarray(0, fullBytes), plain, 0)
  return last === lastChunk ? Buffer.concat([plain, cipher.openLast(last, sealed.subarray(fullBytes))]) : plain
}

async function readWhole(read: RangeReader, start: number, end: number): Promise<Buffer> {
  const bytes = await read(start, end)
  if (bytes.length !== end - start) {
    const where = `bytes ${start} to ${end}`
    throw vaultErrors.create('vault.truncated', { where, needed: end - start, bytes: bytes.length })
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function checkRange(start: number, end: number, plainBytes: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= plainBytes)
    return
  const accepted = `0 to ${plainBytes}, the start not behind the end`
  throw vaultErrors.create('vault.invalid-argument', { field: 'range', value: `${start} to ${end}`, accepted })
}
