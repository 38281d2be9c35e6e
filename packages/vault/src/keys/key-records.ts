/**
 * `keys/<id>.json`, one for each data key, and `destroyed/<id>.json`, which is all that stays of a key that was destroyed.
 *
 * ```text
 * format "chronicle-key", and:                         format "chronicle-destroyed-key", and:
 *   "vault":          UUID of the vault                  "vault", "id", "purpose", "createdMs": as they were
 *   "id":             UUID                               "destroyedMs": milliseconds since 1970
 *   "purpose":        what it is for                     "reason":      in words
 *   "createdMs":      milliseconds since 1970
 *   "rootGeneration": which root wraps it
 *   "wrapped":        base64 of 112 bytes, see wrap.ts
 * ```
 *
 * The wrapped bytes authenticate all the rest: records cannot be swapped or edited (VK3). A key is destroyed from the moment that its `destroyed`
 * record is durable, whatever else is found; whoever writes a key record looks for it afterwards, and takes back what it wrote (VK5).
 */
import type { KeyObject } from 'node:crypto'
import type { Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { AuditLog } from './contract.ts'
import { isBase64, isText, isWhole, type RecordFields } from './record.ts'
import { fieldsOf, isStoreChanged, type Pair, type RecordPairs } from './record-pairs.ts'
import { unwrapKey, wrapKey, wrappedBytes } from './wrap.ts'

export const keyPrefix = 'keys/'
export const destroyedPrefix = 'destroyed/'

export type KeyIdentity = {
  readonly vault: string
  readonly id: string
  readonly purpose: string
  readonly createdMs: number
}
export type KeyEntry = KeyIdentity & { readonly rootGeneration: number; readonly wrapped: string }
export type DestroyedEntry = KeyIdentity & { readonly destroyedMs: number; readonly reason: string }

/** 'lost': destroyed, and the record that says when and why is damaged. */
export type FoundKey =
  | { readonly state: 'there'; readonly entry: KeyEntry; readonly pair: Pair }
  | { readonly state: 'destroyed'; readonly entry: DestroyedEntry | 'lost' }
  | { readonly state: 'absent' }

export function keyName(id: string): string {
  return `${keyPrefix}${id}.json`
}

export function destroyedName(id: string): string {
  return `${destroyedPrefix}${id}.json`
}

export class KeyRecords {
  readonly #pairs: RecordPairs
  readonly #audit: AuditLog
  readonly #vault: string

  constructor(pairs: RecordPairs, audit: AuditLog, vault: string) {
    this.#pairs = pairs
    this.#audit = audit
    this.#vault = vault
  }

  /** Makes good what is faulty, and completes a destruction that was interrupted. Rejects with 'vault.damaged', 'vault.newer-version'. */
  async find(id: string): Promise<FoundKey> {
    const name = keyName(id)
    const [pair, destroyed] = await Promise.all([this.#pairs.look('chronicle-key', name), this.#lookDestroyed(id)])
    // A destruction between the two reads leaves a record missing, and then its own is there by now.
    const gone = destroyed.absent && pair.verdict !== 'use' ? await this.#lookDestroyed(id) : destroyed
    if (!gone.absent) return await this.#destroyed(id, gone, pair)
    const fields = fieldsOf(pair, name)
    if (!fields) return { state: 'absent' }
    const entry = this.#entryOf(id, fields)
    if (pair.faulty) {
      await this.#pairs.repair('chronicle-key', pair)
      if (await this.#takeBack(id)) return await this.find(id)
    }
    return { state: 'there', entry, pair }
  }

  async create(entry: KeyEntry): Promise<void> {
    await this.#pairs.write('chronicle-key', keyName(entry.id), entry, undefined)
  }

  /** Takes away a key that nobody was given. */
  async discard(id: string): Promise<void> {
    await this.#pairs.remove(keyName(id))
  }

  /** Puts `entry` in the place of what `pair` is. False when somebody else has changed or destroyed it. */
  async replace(entry: KeyEntry, pair: Pair): Promise<boolean> {
    try {
      await this.#pairs.write('chronicle-key', keyName(entry.id), entry, pair)
    } catch (error) {
      if (isStoreChanged(error)) return false
      throw error
    }
    return !(await this.#takeBack(entry.id))
  }

  /** Durable before any copy of the key goes, and never taken back (VK5). */
  async destroy(entry: DestroyedEntry): Promise<void> {
    try {
      await this.#pairs.write('chronicle-destroyed-key', destroyedName(entry.id), entry, undefined)
    } catch (error) {
      // Another process destroys it at the same time.
      if (!isStoreChanged(error)) throw error
    }
    await this.#removeCopies(entry)
  }

  /** What stays of a destroyed key. */
  async findDestroyed(id: string): Promise<DestroyedEntry | 'lost' | undefined> {
    const pair = await this.#lookDestroyed(id)
    return pair.absent ? undefined : this.#destroyedEntryOf(id, pair)
  }

  #lookDestroyed(id: string): Promise<Pair> {
    return this.#pairs.look('chronicle-destroyed-key', destroyedName(id))
  }

  async #destroyed(id: string, gone: Pair, pair: Pair): Promise<FoundKey> {
    const entry = this.#destroyedEntryOf(id, gone)
    await this.#pairs.repair('chronicle-destroyed-key', gone)
    if (!pair.absent) await this.#removeCopies(entry === 'lost' ? { id } : entry)
    return { state: 'destroyed', entry }
  }

  /** The line stands in the audit log before the copies go, so no crash leaves a destruction without one (VK8). */
  async #removeCopies(entry: DestroyedEntry | { id: string }): Promise<void> {
    const details: Record<string, string> = { keyId: entry.id }
    if ('purpose' in entry) Object.assign(details, { purpose: entry.purpose, reason: entry.reason })
    await this.#audit.record({ action: 'key.destroyed', outcome: 'done', details })
    await this.#pairs.remove(keyName(entry.id))
  }

  /** After a write: true when the key was destroyed meanwhile, and what was written is gone again (VK5). */
  async #takeBack(id: string): Promise<boolean> {
    if ((await this.#lookDestroyed(id)).absent) return false
    await this.#pairs.remove(keyName(id))
    return true
  }

  #entryOf(asked: string, fields: RecordFields): KeyEntry {
    const { vault, id, purpose, createdMs, rootGeneration, wrapped } = fields
    const fits = id === asked && vault === this.#vault && isText(purpose) && isWhole(createdMs)
    if (fits && isWhole(rootGeneration) && isBase64(wrapped, wrappedBytes))
      return { vault, id, purpose, createdMs, rootGeneration, wrapped }
    throw vaultErrors.create('vault.damaged', { record: keyName(asked), part: 'fields' })
  }

  #destroyedEntryOf(asked: string, { fields }: Pair): DestroyedEntry | 'lost' {
    if (!fields) return 'lost'
    const { vault, id, purpose, createdMs, destroyedMs, reason } = fields
    const fits = id === asked && vault === this.#vault && isText(purpose) && isWhole(createdMs)
    if (fits && isWhole(destroyedMs) && isText(reason)) return { vault, id, purpose, createdMs, destroyedMs, reason }
    return 'lost'
  }
}

export function wrapEntry(
  key: KeyIdentity,
  secret: KeyObject,
  root: KeyObject,
  rootGeneration: number,
  random: Random,
): KeyEntry {
  const wrapped = wrapKey(root, secret, keyContext(key, rootGeneration), random)
  const { vault, id, purpose, createdMs } = key
  return { vault, id, purpose, createdMs, rootGeneration, wrapped: wrapped.toString('base64') }
}

/** Throws 'vault.damaged' when it does not open: the checksum was right, so it was edited, or belongs to another place. */
export function unwrapEntry(entry: KeyEntry, root: KeyObject): KeyObject {
  const secret = unwrapKey(root, Buffer.from(entry.wrapped, 'base64'), keyContext(entry, entry.rootGeneration))
  if (typeof secret !== 'string') return secret
  throw vaultErrors.create('vault.damaged', { record: keyName(entry.id), keyId: entry.id, part: 'wrapped key' })
}

function keyContext({ vault, id, purpose, createdMs }: KeyIdentity, rootGeneration: number): string {
  return JSON.stringify(['chronicle-key', 1, vault, id, purpose, createdMs, rootGeneration])
}
