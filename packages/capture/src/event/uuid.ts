/** UUIDs of RFC 9562 in their text form, in lower case once they were accepted. */
import { hash } from 'node:crypto'
import { assert } from '@chronicle/base'

export const uuidBytes = 16
export const uuidWords = 4
const scratch = new Int32Array(uuidWords)
const dash = '-'.charCodeAt(0)
const noDigit = 255
/** By character code. */
const hexDigits = new Uint8Array(128).fill(noDigit)
for (const [value, digit] of [...'0123456789abcdef'].entries())
  for (const form of [digit, digit.toUpperCase()]) hexDigits[form.charCodeAt(0)] = value

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const nil = '00000000-0000-0000-0000-000000000000'
const max = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** In lower case; undefined where it is none, or one of the two that name nothing (RFC 9562, sections 5.9 and 5.10). */
export function uuidOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length !== 36 || !form.test(value)) return undefined
  const lower = value.toLowerCase()
  return lower === nil || lower === max ? undefined : lower
}

/** The 16 bytes of an accepted UUID. */
export function uuidToBytes(uuid: string): Buffer {
  const bytes = Buffer.allocUnsafe(uuidBytes)
  putUuid(bytes, 0, uuid)
  return bytes
}

export function putUuid(bytes: Buffer, at: number, uuid: string): void {
  readUuidWords(uuid, scratch)
  for (let word = 0; word < uuidWords; word++) bytes.writeInt32BE(scratch[word]!, at + word * 4)
}

/** The 16 bytes of an accepted UUID as four numbers. */
export function readUuidWords(uuid: string, words: Int32Array): void {
  let at = 0
  let seen = 0
  for (let word = 0; word < uuidWords; word++) {
    let value = 0
    for (let digits = 0; digits < 8; at++) {
      const code = uuid.charCodeAt(at)
      if (code === dash) continue
      const digit = hexDigits[code] ?? noDigit
      seen |= digit
      value = (value << 4) | digit
      digits++
    }
    words[word] = value
  }
  assert(at === uuid.length && seen < 16, 'a UUID is 16 bytes')
}

/** Texts that are cut from one: who keeps one of them keeps that many at most. */
const textsTogether = 64
const textCharacters = 36
/** Of each byte its two digits, as character codes. */
const digitPairs = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(''))
const textBuffer = Buffer.alloc(textsTogether * textCharacters)

/** The texts of UUIDs that lie behind each other: many at once take a third of the memory that they take one by one, and less time. */
export function uuidTexts(bytes: Uint8Array): string[] {
  const texts: string[] = []
  const stepBytes = textsTogether * uuidBytes
  for (let from = 0; from < bytes.length; from += stepBytes) {
    const end = writeTexts(bytes.subarray(from, from + stepBytes))
    const text = textBuffer.toString('latin1', 0, end)
    for (let at = 0; at < end; at += textCharacters) texts.push(text.slice(at, at + textCharacters))
  }
  return texts
}

/** Into `textBuffer`; returns where they end. */
function writeTexts(bytes: Uint8Array): number {
  let at = 0
  for (let byte = 0; byte < bytes.length; byte++) {
    if (hasDashBefore(byte % uuidBytes)) textBuffer[at++] = dash
    textBuffer[at++] = digitPairs[bytes[byte]! * 2]!
    textBuffer[at++] = digitPairs[bytes[byte]! * 2 + 1]!
  }
  return at
}

function hasDashBefore(byte: number): boolean {
  return byte === 4 || byte === 6 || byte === 8 || byte === 10
}

export function uuidFromBytes(bytes: Uint8Array): string {
  assert(bytes.length === uuidBytes, 'a UUID is 16 bytes')
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Version 5 (RFC 9562, section 5.5): the same name in the same namespace always gives the same UUID. */
export function uuidV5(namespace: string, name: string): string {
  const digest = hash('sha1', Buffer.concat([uuidToBytes(namespace), Buffer.from(name)]), 'buffer').subarray(
    0,
    uuidBytes,
  )
  digest[6] = (digest[6]! & 0x0f) | 0x50
  digest[8] = (digest[8]! & 0x3f) | 0x80
  return uuidFromBytes(digest)
}
