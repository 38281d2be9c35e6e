import { vaultErrors } from '../errors.ts'
import { type ChunkCipher, chunkBytes, messagePlainBytes, messagePrefixBytes, sealedChunkBytes } from './cobblestone.ts'
import type { SealedHeader, SealedPlace } from './contract.ts'
import { parseSealedHeader } from './header.ts'
import { openChunk, openLastChunk, openPrefix, sealedPrefixBytesMax } from './opener.ts'
import { type KeyChoice, keyFor } from './streams.ts'

/** Reads the bytes [start, end) of something sealed: all of them, from one version of it. */
export type RangeReader = (start: number, end: number) => Promise<Uint8Array>

/** Something sealed that is opened in parts. */
export type SealedRanges = {
  readonly header: SealedHeader
  /** Authenticated (VS5). */
  readonly plainBytes: number
  /** The bytes [start, end) of what was sealed, by one read of the chunks they lie in. Throws 'vault.invalid-argument', 'vault.tampered'. */
  read(start: number, end: number): Promise<Buffer>
}

/**
 * Opens something of `sealedBytes` bytes to be read in parts. The last chunk is opened first: that authenticates the length (VS5). Keeps nothing that it has read.
 * Throws as {@link Opener} does.
 */
export async function openRandomAccess(
  read: RangeReader,
  sealedBytes: number,
  key: KeyChoice,
  expected?: Partial<SealedPlace>,
): Promise<SealedRanges> {
  const start = await readWhole(read, 0, Math.min(sealedBytes, sealedPrefixBytesMax))
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
  readonly chunksAt: number
  readonly sealedBytes: number
  readonly lastChunk: number
}

/** What the chunks `first` to `last`, both included, hold. */
async function readChunks(message: Message, first: number, last: number): Promise<Buffer> {
  const at = (chunk: number) => Math.min(message.chunksAt + chunk * sealedChunkBytes, message.sealedBytes)
  const sealed = await readWhole(message.read, at(first), at(last + 1))
  const opened: Buffer[] = []
  for (let chunk = first; chunk <= last; chunk++) {
    const bytes = sealed.subarray(at(chunk) - at(first), at(chunk + 1) - at(first))
    const openOne = chunk === message.lastChunk ? openLastChunk : openChunk
    opened.push(openOne(message.cipher, chunk, bytes))
  }
  return opened.length === 1 ? opened[0]! : Buffer.concat(opened)
}

async function readWhole(read: RangeReader, start: number, end: number): Promise<Buffer> {
  const bytes = await read(start, end)
  if (bytes.length !== end - start) {
    throw vaultErrors.create('vault.truncated', { from: start, needed: end - start, bytes: bytes.length })
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function checkRange(start: number, end: number, plainBytes: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= plainBytes)
    return
  const accepted = `0 to ${plainBytes}, the start not behind the end`
  throw vaultErrors.create('vault.invalid-argument', { field: 'range', value: `${start} to ${end}`, accepted })
}
