import { base64Of } from '../base64.ts'
import type { Refusal } from '../intake/contract.ts'

/** One line of a quarantine file: JSON, the content as base64, so that whatever was there is there. */
export function quarantineLine(refusal: Refusal, source: string, position: number, at: string): Buffer {
  const { reason, detail, row, content } = refusal
  const fields = JSON.stringify({ reason, detail, source, position, row, at })
  return Buffer.concat([Buffer.from(`${fields.slice(0, -1)},"content":"`), base64Of(content), Buffer.from('"}\n')])
}
