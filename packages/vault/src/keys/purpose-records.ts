/**
 * `purposes/<SHA-256 of the purpose, in hex>.json`: which key seals what is new for a purpose.
 *
 * ```text
 * format "chronicle-purpose", and:
 *   "purpose":      what it is for
 *   "current":      UUID of the key
 *   "usesReserved": how many uses of that key processes have taken, in blocks, before they made them
 * ```
 *
 * Replaced by conditional writes only, so of two processes that make a key at the same time one learns of it and takes the other's key. It has no copy:
 * when it is lost the purpose gets a fresh key, and the old ones stay readable under their ids.
 */
import { createHash } from 'node:crypto'
import { vaultErrors } from '../errors.ts'
import type { KeyStorage } from './contract.ts'
import { decodeRecord, encodeRecord, isUuid, isWhole } from './record.ts'

export type PurposeEntry = { readonly current: string; readonly usesReserved: number }
export type FoundPurpose = {
  /** Undefined when there is none, or it is damaged. */
  readonly entry: PurposeEntry | undefined
  readonly damaged: boolean
  readonly revision: number
  readonly version: string | undefined
}

export function purposeName(purpose: string): string {
  return `purposes/${createHash('sha256').update(purpose).digest('hex')}.json`
}

export async function readPurpose(storage: KeyStorage, purpose: string): Promise<FoundPurpose> {
  const name = purposeName(purpose)
  const record = await storage.read(name)
  if (!record) return { entry: undefined, damaged: false, revision: 0, version: undefined }
  const decoded = decodeRecord('chronicle-purpose', record.bytes)
  if (decoded.state === 'newer') throw vaultErrors.create('vault.newer-version', { record: name })
  const lost = { entry: undefined, damaged: true, revision: 0, version: record.version }
  if (decoded.state === 'damaged') return lost
  const { purpose: named, current, usesReserved } = decoded.fields
  if (named !== purpose || !isUuid(current) || !isWhole(usesReserved)) return lost
  return { entry: { current, usesReserved }, damaged: false, revision: decoded.revision, version: record.version }
}

/** Rejects with 'vault.store-changed' when `before` does not hold any more. */
export async function writePurpose(
  storage: KeyStorage,
  purpose: string,
  { current, usesReserved }: PurposeEntry,
  before: FoundPurpose,
): Promise<void> {
  const bytes = encodeRecord('chronicle-purpose', before.revision + 1, { purpose, current, usesReserved })
  await storage.write(purposeName(purpose), bytes, before.version)
}
