/**
 * ```text
 * something sealed: this header in the clear, then one message (cobblestone.ts) up to the end
 * sealed header, version 1, big-endian
 * OFFSET SIZE  FIELD
 *      0    4  magic "CHV1"
 *      4    2  version (1)
 *      6    1  kind (sealedKinds)
 *      7    1  cipher suite (1: Cobblestone-256)
 *      8   16  key id, a UUID
 *     24    4  epoch
 *     28    2  P: bytes of the place, 0 to 1000
 *     30    P  place, UTF-8
 *   30+P    4  crc32c of bytes 0 to 30+P−1
 * ```
 * All of it is the context of the message: kind, key id, epoch and place are authenticated by opening it (VS2), and not before. The checksum is there so
 * that a damaged header is told from another key, and without one. Magic and version stay where they are in every later version.
 */
import { assert, crc32c } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import { type SealedHeader, type SealedKind, type SealedPlace, type SealKey, sealedKinds } from './contract.ts'

const magic = 0x43485631 // "CHV1"
const version = 1
const cobblestone256 = 1
const placeBytesMax = 1000

const at = { magic: 0, version: 4, kind: 6, suite: 7, keyId: 8, epoch: 24, placeBytes: 28, place: 30 }
const crcBytes = 4
assert(at.place + crcBytes === 34, 'a sealed header with an empty place is 34 bytes')

/** No header is longer, in bytes. */
export const sealedHeaderBytesMax = at.place + placeBytesMax + crcBytes
assert(sealedHeaderBytesMax === 1034, 'a sealed header is at most 1034 bytes')

const kindsByNumber = new Map<number, SealedKind>(
  Object.entries(sealedKinds).map(([kind, number]) => [number, kind as SealedKind]),
)
assert(kindsByNumber.size === Object.keys(sealedKinds).length, 'every kind has a number of its own')

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
// A byte order mark is part of a place like any other character.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The size of the header of what belongs to `place`. */
export function sealedHeaderBytes(place: string): number {
  return at.place + Buffer.byteLength(place) + crcBytes
}

/** The clear header for what `key` seals. Throws 'vault.invalid-argument'. */
export function encodeSealedHeader(key: SealKey, { kind, place }: SealedPlace): Buffer {
  checkArguments(key, kind, place)
  const bytes = Buffer.alloc(sealedHeaderBytes(place))
  bytes.writeUInt32BE(magic, at.magic)
  bytes.writeUInt16BE(version, at.version)
  bytes.writeUInt8(sealedKinds[kind], at.kind)
  bytes.writeUInt8(cobblestone256, at.suite)
  bytes.write(key.id.replaceAll('-', ''), at.keyId, 'hex')
  bytes.writeUInt32BE(key.epoch, at.epoch)
  bytes.writeUInt16BE(Buffer.byteLength(place), at.placeBytes)
  bytes.write(place, at.place)
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, -crcBytes)), bytes.length - crcBytes)
  return bytes
}

/**
 * The header that `bytes` begin with; at most {@link sealedHeaderBytesMax} of them are looked at. Nothing of it is true before the message was opened.
 * Throws 'vault.not-sealed', 'vault.newer-version', 'vault.truncated', 'vault.tampered'.
 */
export function parseSealedHeader(bytes: Uint8Array): SealedHeader {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = headerBytesNeeded(view)
  if (view.length < headerBytes) {
    throw vaultErrors.create('vault.truncated', { where: 'clear header', bytes: view.length, needed: headerBytes })
  }
  const crcAt = headerBytes - crcBytes
  if (crc32c(view.subarray(0, crcAt)) !== view.readUInt32BE(crcAt)) throw headerDamaged('it does not fit its checksum')
  const kind = kindsByNumber.get(view[at.kind]!)
  if (kind === undefined) throw vaultErrors.create('vault.newer-version', { kind: view[at.kind]! })
  if (view[at.suite] !== cobblestone256) {
    throw vaultErrors.create('vault.newer-version', { cipherSuite: view[at.suite]!, accepted: cobblestone256 })
  }
  return {
    kind,
    place: placeOf(view.subarray(at.place, crcAt)),
    keyId: uuidOf(view.subarray(at.keyId, at.epoch)),
    epoch: view.readUInt32BE(at.epoch),
    headerBytes,
  }
}

/** How many bytes it takes to read the header that begins with `bytes`, as far as they tell. Refuses what cannot become one. */
export function headerBytesNeeded(bytes: Buffer): number {
  if (bytes.length < at.version) {
    const begun = Buffer.alloc(at.version)
    begun.writeUInt32BE(magic)
    if (!begun.subarray(0, bytes.length).equals(bytes)) throw vaultErrors.create('vault.not-sealed')
    return at.place
  }
  if (bytes.readUInt32BE(at.magic) !== magic) throw vaultErrors.create('vault.not-sealed')
  if (bytes.length < at.place) return at.place
  const found = bytes.readUInt16BE(at.version)
  if (found > version) throw vaultErrors.create('vault.newer-version', { version: found, accepted: version })
  if (found !== version) throw headerDamaged(`version ${found} never was`)
  const placeBytes = bytes.readUInt16BE(at.placeBytes)
  if (placeBytes > placeBytesMax) throw headerDamaged(`a place has at most ${placeBytesMax} bytes, not ${placeBytes}`)
  return at.place + placeBytes + crcBytes
}

/** Refuses a header that names another key or, where `expected` says so, another kind or place (VS2). */
export function checkHeader(header: SealedHeader, key: SealKey, expected: Partial<SealedPlace> | undefined): void {
  const given = { keyId: key.id, epoch: key.epoch, kind: expected?.kind, place: expected?.place }
  for (const field of ['kind', 'place', 'keyId', 'epoch'] as const) {
    if (given[field] !== undefined && given[field] !== header[field]) {
      throw vaultErrors.create('vault.tampered', {
        where: `clear header, ${field}`,
        expected: quoted(given[field]),
        found: quoted(header[field]),
      })
    }
  }
}

function checkArguments(key: SealKey, kind: SealedKind, place: string): void {
  if (!Object.hasOwn(sealedKinds, kind)) refuse('kind', String(kind), Object.keys(sealedKinds).join(', '))
  if (!place.isWellFormed() || Buffer.byteLength(place) > placeBytesMax) {
    refuse('place', `${Buffer.byteLength(place)} bytes`, `at most ${placeBytesMax} bytes of well-formed text`)
  }
  if (!uuidPattern.test(key.id)) refuse('key id', key.id, 'a UUID in lower case')
  if (!Number.isInteger(key.epoch) || key.epoch < 0 || key.epoch > 0xffffffff) {
    refuse('epoch', key.epoch, 'a whole number from 0 to 4294967295')
  }
}

/** What a header says is anybody's text until it is authenticated: control characters in it must not reach a terminal or a log. */
function quoted(value: string | number): string | number {
  return typeof value === 'number' ? value : JSON.stringify(value).replace(/\p{C}/gu, '?')
}

function refuse(field: string, value: string | number, accepted: string): never {
  throw vaultErrors.create('vault.invalid-argument', { field, value, accepted })
}

function headerDamaged(why: string) {
  return vaultErrors.create('vault.tampered', { where: 'clear header', why })
}

function placeOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw vaultErrors.create('vault.tampered', { where: 'clear header', why: 'the place is not UTF-8' }, cause)
  }
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
