import { Buffer } from 'node:buffer'
import { traceIdBytesMax } from './limits.ts'

/** Bytes of UTF-8 that one UTF-16 unit takes at most. */
const bytesPerUnitMax = 3

/** Why PostgreSQL cannot hold `text`, in words that follow a field's name; `undefined` when it can. */
export function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'has the character U+0000, which PostgreSQL cannot hold'
  if (!text.isWellFormed()) return 'has half of a surrogate pair, which is not Unicode text'
  return undefined
}

/** Whether an event can have `text` as the id of its trace, as source, agent or owner. */
export function isName(text: string): boolean {
  return text !== '' && !isLongerThan(text, traceIdBytesMax) && textProblem(text) === undefined
}

export function isLongerThan(text: string, bytesMax: number): boolean {
  return text.length * bytesPerUnitMax > bytesMax && Buffer.byteLength(text) > bytesMax
}
