import type { Refusal } from '../intake/contract.ts'

/** One line of a quarantine file: JSON, the content as base64, so that whatever was there is there. */
export function quarantineLine(refusal: Refusal, source: string, position: number, at: string): Buffer {
  const { reason, detail, row, content } = refusal
  const base64 = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64')
  return Buffer.from(`${JSON.stringify({ reason, detail, source, position, row, at, content: base64 })}\n`)
}
