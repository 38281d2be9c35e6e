/**
 * A screenshot on its way through a topic. What stands in a topic stays there for as long as its retention says, so the image is sealed for a key of the store that lives for
 * seconds and in memory alone: the record stays, and nothing opens it (CS1).
 *
 * ```text
 * value of a record, version 1, big-endian
 * OFFSET SIZE  FIELD
 *      0    1  version (1); an event without an image is JSON, and begins with {
 *      1    4  n, bytes of the event
 *      5    n  the event without its image, JSON
 *    5+n   32  X25519 public key of the sender, used once (RFC 7748)
 *   37+n    …  the image, sealed by the vault as kind 'screenshot' at the place of its id; its header names the key of the store
 * sealing key = HKDF-SHA256(X25519, salt = public key of the sender ‖ of the store, info = "chronicle capture screenshot v1", 32 bytes)
 * ```
 */
import {
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { assert, type Random } from '@chronicle/base'
import { open, parseSealedHeader, type SealedPlace, type SealKey, seal } from '@chronicle/vault'

const version = 1
const at = { version: 0, length: 1, event: 5 }
const publicKeyBytes = 32
const info = 'chronicle capture screenshot v1'
assert(at.event === 5, 'the head of a box is 5 bytes')

/** The key of a store as its publishers know it. */
export type BoxKey = { readonly id: string; readonly publicKey: Buffer }
/** The same with what opens. */
export type BoxKeyPair = BoxKey & { readonly privateKey: KeyObject }

export function makeBoxKey(id: string): BoxKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return { id, privateKey, publicKey: rawOf(publicKey) }
}

export function isBox(value: Uint8Array): boolean {
  return value[at.version] === version
}

/** `event`: its JSON without the image. */
export function packBox(event: Buffer, screenshotId: string, image: Uint8Array, key: BoxKey, random: Random): Buffer {
  const sender = makeBoxKey(key.id)
  const sealKey = sealKeyOf(sender, key.publicKey, sender.publicKey, key.publicKey)
  const head = Buffer.alloc(at.event)
  head.writeUInt8(version, at.version)
  head.writeUInt32BE(event.length, at.length)
  return Buffer.concat([head, event, sender.publicKey, seal(image, sealKey, placeOf(screenshotId), random)])
}

/** The event, and its image where one of `keys` opens it. Undefined of what is no box. */
export function openBox(
  value: Buffer,
  keyOf: (id: string) => BoxKeyPair | undefined,
): { readonly event: Buffer; image(screenshotId: string): Buffer | undefined } | undefined {
  if (value.length < at.event) return undefined
  const senderAt = at.event + value.readUInt32BE(at.length)
  if (senderAt + publicKeyBytes > value.length) return undefined
  const [sender, sealed] = [
    value.subarray(senderAt, senderAt + publicKeyBytes),
    value.subarray(senderAt + publicKeyBytes),
  ]
  return {
    event: value.subarray(at.event, senderAt),
    image(screenshotId) {
      try {
        const key = keyOf(parseSealedHeader(sealed).keyId)
        return key && open(sealed, sealKeyOf(key, sender, sender, key.publicKey), placeOf(screenshotId))
      } catch {
        // Changed on its way, moved to another event, or not sealed at all: there is no image.
        return undefined
      }
    },
  }
}

function sealKeyOf(own: BoxKeyPair, other: Buffer, sender: Buffer, store: Buffer): SealKey {
  const x = other.toString('base64url')
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'X25519', x } })
  const shared = diffieHellman({ privateKey: own.privateKey, publicKey })
  const secret = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([sender, store]), info, 32))
  return { id: own.id, epoch: 0, secret: createSecretKey(secret) }
}

function rawOf(publicKey: KeyObject): Buffer {
  return Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
}

function placeOf(screenshotId: string): SealedPlace {
  return { kind: 'screenshot', place: screenshotId }
}
