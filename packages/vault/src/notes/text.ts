import type { ErrorDetails } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'

/**
 * The parts that all formats of this directory are made of. Each has one form only: what parses, written again, is the same bytes (VN2). All
 * refuse with 'vault.invalid-note', which names the place and what is wrong with it, and repeats nothing of the input.
 */

/** Bytes of a signed note at most, signatures and all. */
export const noteBytesMax = 1_000_000
/** Bytes in a SHA-256 hash. */
export const hashBytes = 32

const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/
const decimalPattern = /^(?:0|[1-9][0-9]{0,15})$/
const newline = 0x0a
const firstPrintable = 0x20

export function invalidNote(part: string, problem: string, details: ErrorDetails = {}): Error {
  return vaultErrors.create('vault.invalid-note', { part, problem, ...details })
}

/** Text from bytes or from a string: whole UTF-8, no ASCII control character but newline, at most `bytesMax` bytes. A byte order mark is text. */
export function strictText(input: string | Uint8Array, part: string, bytesMax: number): string {
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length
  if (bytes > bytesMax) throw invalidNote(part, `longer than ${bytesMax} bytes`, { bytes })
  const text = typeof input === 'string' ? input : decodeUtf8(input, part)
  if (!text.isWellFormed()) throw invalidNote(part, 'not Unicode: half of a surrogate pair')
  const at = firstControl(text)
  if (at !== undefined) throw invalidNote(part, 'an ASCII control character other than newline', { character: at })
  return text
}

/** The hash that base64 stands for. */
export function parseHash(text: string, part: string, line: number): Uint8Array {
  const hash = decodeBase64(text)
  if (hash?.length !== hashBytes) throw invalidNote(part, 'not a 32-byte hash in base64', { line })
  return hash
}

/** A size or an index: decimal without leading zeros, at most 2^53 − 1. */
export function parseDecimal(text: string, part: string, line: number): number {
  const value = decimalPattern.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value))
    throw invalidNote(part, 'not a decimal from 0 to 2^53 − 1 without leading zeros', { line })
  return value
}

/** Standard base64 (RFC 4648, section 4), padded, unused bits zero; undefined for anything else. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !base64Pattern.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  // A copy that keeps nothing else in memory.
  return bytes.toString('base64') === text ? Uint8Array.from(bytes) : undefined
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function decodeUtf8(bytes: Uint8Array, part: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw vaultErrors.create('vault.invalid-note', { part, problem: 'not UTF-8' }, cause)
  }
}

function firstControl(text: string): number | undefined {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < firstPrintable && code !== newline) return at
  }
  return undefined
}
