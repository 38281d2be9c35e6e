/**
 * The audit log: one JSON object a line, each of which names the lines before it by their hashes (VK8).
 *
 * ```text
 * { "at": ISO time, "action": "key.created", "outcome": "done" | "refused" | "failed", "details": { … },
 *   "writer": 8 hex digits, one for each opening of the log, "seq": from 1 on, "after": [ SHA-256 of a line without its end, in hex, … ] }
 * ```
 *
 * `after` names every line that no line had named yet: the line before, or several where processes wrote at the same moment. So nothing can be
 * changed, taken out or moved without a hash that fits nothing, but for the lines at the very end, which no line names yet: keep `heads` elsewhere to
 * cover those as well. What somebody puts in between stays unnamed, and shows as one head more.
 */
import { createHash } from 'node:crypto'
import type { AuditEvent } from './contract.ts'
import { isObject, isText, isWhole } from './record.ts'

export type AuditLine = AuditEvent & {
  readonly writer: string
  readonly seq: number
  readonly after: readonly string[]
}

/** Says that the line with this hash is the rest of a write that was cut off by a crash or a full disk. */
export const repairAction = 'audit.repaired'

export function encodeLine(line: AuditLine): string {
  const { at, action, outcome, details, writer, seq, after } = line
  return JSON.stringify({ at, action, outcome, details, writer, seq, after })
}

export function hashOf(line: string | Uint8Array): string {
  return createHash('sha256').update(line).digest('hex')
}

/** Undefined when the bytes are not a line of the log. */
export function decodeLine(bytes: Uint8Array): AuditLine | undefined {
  const text = Buffer.from(bytes).toString()
  const value = parse(text)
  if (!isObject(value) || !isLine(value)) return undefined
  return encodeLine(value) === text ? value : undefined
}

/** What has to be known of the lines that are there to write or judge the next one. */
export class AuditChain {
  /** Hashes of the lines that no line names yet, in their order. */
  readonly heads = new Set<string>()
  /** Rests of writes that were cut off, and of which no line tells yet: their hash and size. */
  readonly torn = new Map<string, number>()

  take(bytes: Uint8Array): void {
    // Two processes that both end a torn line leave an empty one.
    if (bytes.length === 0) return
    const hash = hashOf(bytes)
    const line = decodeLine(bytes)
    if (!line) {
      this.torn.set(hash, bytes.length)
      return
    }
    for (const named of line.after) this.heads.delete(named)
    this.heads.add(hash)
    if (line.action === repairAction) this.torn.delete(`${line.details.sha256}`)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isLine(value: Readonly<Record<string, unknown>>): value is AuditLine {
  const { at, action, outcome, details, writer, seq, after } = value
  const event = isText(at) && isText(action) && isText(outcome) && isObject(details)
  return event && isText(writer) && isWhole(seq) && Array.isArray(after) && after.every(isText)
}
