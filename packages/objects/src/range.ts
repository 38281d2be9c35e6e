import type { ByteRange } from './contract.ts'
import { objectErrors } from './errors.ts'

/**
 * The bytes of an object of `bytes` bytes that a range asks for, cut down to what there is. Throws 'objects.invalid-range' for a start
 * behind the end of the object, an end before the start, and anything that is not a whole number.
 */
export function resolveRange(range: ByteRange | undefined, bytes: number): { start: number; end: number } {
  const { start: from = 0, end: to = bytes } = range ?? {}
  const start = from < 0 ? Math.max(0, bytes + from) : from
  const end = Math.min(to, bytes)
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || start > bytes || to < start) {
    throw objectErrors.create('objects.invalid-range', { start: from, end: range?.end, bytes })
  }
  return { start, end }
}
