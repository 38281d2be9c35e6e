/**
 * Bytes of events as they lie on the disk: compressed where that saves something, sealed unless a setting says otherwise.
 *
 * ```text
 * envelope, version 1
 * OFFSET SIZE  FIELD
 *      0    1  version (1)
 *      1    1  sealing: 0 none, 1 sealed by the vault as kind 'record' at the place that the caller names
 *      2    …  body; where it is sealed, what the vault makes of it
 * body
 *      0    1  compression: 0 none, 1 LZ4
 *      1    …  content; of LZ4: 4 bytes length of the content, little-endian, and one block
 * ```
 * The compression stands inside of the seal: nothing that was changed is decompressed.
 */
import { assert, type ChronicleError, type Random } from '@chronicle/base'
import { open, parseSealedHeader, type SealedPlace, type SealKey, seal, vaultErrors } from '@chronicle/vault'
import { compressSync, uncompressSync } from 'lz4-napi'
import { DatabaseError } from '../errors.ts'
import type { PayloadKeys } from './payload-keys.ts'

const version = 1
const at = { version: 0, sealing: 1, body: 2 }
const bodyAt = { compression: 0, content: 1 }
const plain = 0
const sealed = 1
/** What everything that is sealed begins with. */
export const sealedHead: Uint8Array = Uint8Array.of(version, sealed)
const uncompressed = 0
const lz4 = 1
const lz4LengthBytes = 4
assert(at.body === 2 && bodyAt.content === 1, 'an envelope adds three bytes to what it holds')

/** What is smaller is left as it is: LZ4 saves nothing there. */
const compressBytesMin = 256
/** No content is larger, in bytes: more is not decompressed. */
export const contentBytesMax = 64 * 1024 * 1024

/** `key` undefined: not sealed. */
export function packEnvelope(content: Buffer, place: string, key: SealKey | undefined, random: Random): Buffer {
  assert(content.length <= contentBytesMax, 'the content fits an envelope')
  const body = bodyOf(content)
  const head = Buffer.of(version, key ? sealed : plain)
  return Buffer.concat([head, key ? seal(body, key, placeOf(place), random) : body])
}

/** What was packed. Throws 'capture.database-block-damaged', and what the vault says where a key cannot be had for the moment. */
export async function openEnvelope(bytes: Buffer, place: string, keys: PayloadKeys): Promise<Buffer> {
  if (bytes.length <= at.body) throw damaged(place, 'it is cut short')
  if (bytes[at.version] !== version) throw damaged(place, `its version is ${bytes[at.version]}`)
  const rest = bytes.subarray(at.body)
  if (bytes[at.sealing] === plain) return contentOf(rest, place)
  if (bytes[at.sealing] !== sealed) throw damaged(place, 'it says neither that it is sealed nor that it is not')
  return contentOf(await unsealed(rest, place, keys), place)
}

async function unsealed(bytes: Buffer, place: string, keys: PayloadKeys): Promise<Buffer> {
  try {
    const key = await keys.opening(parseSealedHeader(bytes).keyId)
    return open(bytes, key, placeOf(place))
  } catch (error) {
    if (!vaultErrors.is(error) || !forGood.has(error.code)) throw error
    throw damaged(place, error.code, error)
  }
}

/** What the vault says that no second try changes. */
const forGood = new Set<string>([
  'vault.tampered',
  'vault.truncated',
  'vault.not-sealed',
  'vault.newer-version',
  'vault.key-destroyed',
  'vault.key-not-found',
  'vault.damaged',
])

function bodyOf(content: Buffer): Buffer {
  if (content.length >= compressBytesMin) {
    const block = compressSync(content)
    if (block.length < content.length) return Buffer.concat([Buffer.of(lz4), block])
  }
  return Buffer.concat([Buffer.of(uncompressed), content])
}

function contentOf(body: Buffer, place: string): Buffer {
  const content = body.subarray(bodyAt.content)
  if (body[bodyAt.compression] === uncompressed) return content
  if (body[bodyAt.compression] !== lz4) throw damaged(place, 'its compression is unknown')
  if (content.length < lz4LengthBytes) throw damaged(place, 'it is cut short')
  const length = content.readUInt32LE(0)
  if (length > contentBytesMax) throw damaged(place, 'it says to hold more than any')
  const found = uncompressedOf(content, place)
  if (found.length !== length) throw damaged(place, 'it does not hold what it says')
  return found
}

function uncompressedOf(block: Buffer, place: string): Buffer {
  try {
    return uncompressSync(block)
  } catch (cause) {
    throw damaged(place, 'it cannot be decompressed', cause)
  }
}

function placeOf(place: string): SealedPlace {
  return { kind: 'record', place }
}

function damaged(place: string, reason: string, cause?: unknown): ChronicleError {
  return new DatabaseError('capture.database-block-damaged', { block: place, reason }, cause)
}
