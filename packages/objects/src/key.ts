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

/** What `list` is asked for may be any piece of a key, but it must be text. */
export function checkListText(text: string): void {
  if (text.isWellFormed()) return
  throw objectErrors.create('objects.invalid-key', { key: shown(text), reason: 'it is not well-formed Unicode' })
}

/** The order of keys (O7): by the bytes of their UTF-8, which is that of their code points. JavaScript's `<` goes by UTF-16. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const difference = rankOf(left.charCodeAt(index)) - rankOf(right.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Surrogates stand for the code points above U+FFFF, so they come after U+E000 to U+FFFF. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit
}
