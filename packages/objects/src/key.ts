import { objectErrors } from './errors.ts'

export const keyBytesMax = 1000

/**
 * Throws 'objects.invalid-key' for what no store takes. Every implementation asks this first, so that a key that one store takes is
 * not a surprise to the next one (O8).
 */
export function checkKey(key: string): void {
  const reason = reasonAgainst(key)
  if (reason !== undefined) throw objectErrors.create('objects.invalid-key', { key: shown(key), reason })
}

function reasonAgainst(key: string): string | undefined {
  if (key === '') return 'it is empty'
  if (!key.isWellFormed()) return 'it is not well-formed Unicode'
  const bytes = Buffer.byteLength(key)
  if (bytes > keyBytesMax) return `it is ${bytes} bytes long`
  if (/[\p{Cc}\\]/u.test(key)) return 'it has a control character or a backslash'
  const parts = key.split('/')
  if (parts.includes('')) return 'a part of it is empty'
  if (parts.includes('.') || parts.includes('..')) return 'a part of it is "." or ".."'
  return undefined
}

/** Refused keys go into messages quoted and cut, for they may hold anything. */
function shown(key: string): string {
  return JSON.stringify(key.slice(0, 100))
}

/** The order of keys: by the bytes of their UTF-8, which is not that of JavaScript's `<` (U+FF5E comes before U+1F600). */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
