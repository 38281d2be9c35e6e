/** UUIDs in the text form of RFC 9562: 36 characters, in lower case wherever this package makes or keeps one. */

import { hash } from 'node:crypto'
import { assert, type Random } from '@chronicle/base'

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const nil = '00000000-0000-0000-0000-000000000000'
const unixMsMax = 2 ** 48 - 1

/** The namespace of ids that are made from where an event stands. Fixed for ever: another one would store events twice. */
const eventNamespace = '4f4d2c2e-6f0b-4c67-9d0b-8a1f5f1f0c52'

/** `text` in lower case; `undefined` when it is no UUID, or the nil one, which stands for none. */
export function uuidOf(text: string): string | undefined {
  if (!form.test(text)) return undefined
  const uuid = text.toLowerCase()
  return uuid === nil ? undefined : uuid
}

/** The id of an event that brought none, from a name that only it has, such as its stream and sequence. The same name gives the same id. */
export function uuidFrom(name: string): string {
  return uuidV5(eventNamespace, name)
}

/** RFC 9562, section 5.5: SHA-1 of namespace and name. */
export function uuidV5(namespace: string, name: string): string {
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex')
  assert(space.length === 16, 'a namespace is a UUID')
  return textOf(hash('sha1', Buffer.concat([space, Buffer.from(name)]), 'buffer').subarray(0, 16), 5)
}

/** RFC 9562, section 5.7: 48 bits of milliseconds since the epoch, then random bits, so that ids made later sort later. */
export function uuidV7(unixMs: number, random: Random): string {
  assert(Number.isInteger(unixMs) && unixMs >= 0 && unixMs <= unixMsMax, 'a time of 48 bits')
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(unixMs, 0, 6)
  bytes.set(random.bytes(10), 6)
  return textOf(bytes, 7)
}

function textOf(bytes: Buffer, version: 5 | 7): string {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4)
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
