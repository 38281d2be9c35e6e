import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { vaultErrors } from '../errors.ts'
import { decodeBase64 } from './text.ts'

/**
 * Verifier keys of C2SP signed-note, for Ed25519.
 *
 *   <name>+<key hash, 8 hex digits>+<base64 of type ‖ public key>
 *
 *   OFFSET SIZE  FIELD, of what is in base64
 *        0    1  type: 0x01 signs notes, 0x04 cosigns checkpoints with the time
 *        1   32  public key (RFC 8032)
 *
 *   key hash = SHA-256(name ‖ 0x0A ‖ type ‖ public key)[0, 4)
 */
export const vkeyTypes = { ed25519: 0x01, cosignature: 0x04 } as const
export type VkeyType = keyof typeof vkeyTypes

export type Vkey = {
  readonly name: string
  /** 8 hex digits. */
  readonly keyHash: string
  readonly type: VkeyType
  readonly publicKey: KeyObject
}

const publicKeyBytes = 32
const keyHashBytes = 4
/** Bytes of the name of a key at most, of those that are made or trusted here. */
export const keyNameBytesMax = 255
const vkeyCharsMax = keyNameBytesMax + 2 + 2 * keyHashBytes + 44

/** The key of a text form. Rejects what is damaged, of another type, or written differently: 'vault.invalid-argument'. */
export function parseVkey(text: string): Vkey {
  const parts = text.length <= vkeyCharsMax ? text.split('+') : []
  const [name, keyHash] = parts
  // Base64 may hold a plus itself.
  const encoded = decodeBase64(parts.slice(2).join('+'))
  if (name === undefined || keyHash === undefined || !encoded)
    throw refusedKey('not of the form <name>+<key hash>+<base64>')
  if (!isKeyName(name)) throw refusedKey('its name is empty or has a space in it')
  const type = (Object.keys(vkeyTypes) as VkeyType[]).find(key => vkeyTypes[key] === encoded[0])
  if (!type) throw refusedKey('not an Ed25519 key (0x01) or cosigner key (0x04)')
  if (encoded.length !== 1 + publicKeyBytes) throw refusedKey('the public key is not 32 bytes long')
  const publicKey = keyFromRaw(encoded.subarray(1))
  if (keyHashOf(name, type, publicKey) !== keyHash)
    throw refusedKey('its key hash does not belong to its name and public key')
  return { name, keyHash, type, publicKey }
}

/** The text form of the public half of `key`. */
export function formatVkey(name: string, key: KeyObject, type: VkeyType = 'ed25519'): string {
  checkKeyName(name)
  const encoded = Buffer.concat([Buffer.of(vkeyTypes[type]), rawPublicKey(key)]).toString('base64')
  return `${name}+${keyHashOf(name, type, key)}+${encoded}`
}

/** What tells this key in signature lines, 8 hex digits. Not secret, and no substitute for the key: others can be made to fit. */
export function keyHashOf(name: string, type: VkeyType, key: KeyObject): string {
  const digest = createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(vkeyTypes[type]))
    .update(rawPublicKey(key))
    .digest()
  return digest.toString('hex', 0, keyHashBytes)
}

/** Not empty, no Unicode spaces, no plus: what C2SP asks of a key's name. */
export function isKeyName(name: string): boolean {
  return /^[^\p{White_Space}+]+$/u.test(name)
}

/** As `isKeyName`, and fit to be shown: for keys that are made here. */
export function checkKeyName(name: string): void {
  if (isKeyName(name) && Buffer.byteLength(name) <= keyNameBytesMax && /^\P{C}+$/u.test(name)) return
  throw vaultErrors.create('vault.invalid-argument', {
    argument: 'name of a key',
    accepted: `1 to ${keyNameBytesMax} bytes without spaces or plus, like example.com/log`,
  })
}

/** The 32 bytes of RFC 8032, of either half of an Ed25519 key. */
export function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519')
    throw vaultErrors.create('vault.invalid-argument', { argument: 'key', accepted: 'an Ed25519 key' })
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
}

function keyFromRaw(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url')
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
}

function refusedKey(problem: string): Error {
  return vaultErrors.create('vault.invalid-argument', {
    argument: 'verifier key',
    problem,
    accepted: '<name>+<8 hex digits>+<base64>, as its owner gave it',
  })
}
