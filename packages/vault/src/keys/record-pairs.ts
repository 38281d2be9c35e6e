/**
 * Records in two copies: `name`, and `backup/<name>`. The first one decides what holds, by a conditional write; the copy follows. So a crash leaves at worst
 * a copy that is a revision behind, and damage to either is made good from the other (VK4).
 */
import { assert } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { AuditLog, KeyStorage } from './contract.ts'
import { type Decoded, decodeRecord, encodeRecord, type RecordFields, type RecordFormat } from './record.ts'

type CopyState = 'whole' | 'missing' | 'damaged' | 'newer'
type Verdict = 'use' | 'use first' | 'use copy' | 'none' | 'damaged' | 'newer'

/** State of the first × state of the copy. */
const pairTable: Readonly<Record<CopyState, Readonly<Record<CopyState, Verdict>>>> = {
  // Both whole: the later revision holds; the other is of before a crash. One gone or damaged: the other makes it good.
  whole: { whole: 'use', missing: 'use first', damaged: 'use first', newer: 'newer' },
  // Both missing: there never was one, or it was removed.
  missing: { whole: 'use copy', missing: 'none', damaged: 'damaged', newer: 'newer' },
  damaged: { whole: 'use copy', missing: 'damaged', damaged: 'damaged', newer: 'newer' },
  // A newer program was here: writing over what it wrote would destroy what we cannot read.
  newer: { whole: 'newer', missing: 'newer', damaged: 'newer', newer: 'newer' },
}

type Copy = {
  readonly name: string
  readonly decoded: Decoded | { readonly state: 'missing' }
  readonly version: string | undefined
}

export type Pair = {
  readonly verdict: Verdict
  /** Of the copy that holds; absent with 'none', 'damaged' and 'newer'. */
  readonly fields?: RecordFields
  readonly revision: number
  /** The version of the first one, for the write that replaces it. */
  readonly version: string | undefined
  /** What is to be made good, and what it was found to be. */
  readonly faulty?: {
    readonly name: string
    readonly state: CopyState | 'behind'
    readonly version: string | undefined
  }
  /** Neither copy is there. */
  readonly absent: boolean
}

/** Writes of a copy that meet another writer's are tried so often. */
const attemptsMax = 16

export function copyName(name: string): string {
  return `backup/${name}`
}

export class RecordPairs {
  readonly #storage: KeyStorage
  readonly #audit: AuditLog

  constructor(storage: KeyStorage, audit: AuditLog) {
    this.#storage = storage
    this.#audit = audit
  }

  /** Reads both copies and decides; repairs nothing and rejects only when the storage does. */
  async look(format: RecordFormat, name: string): Promise<Pair> {
    const [first, copy] = await Promise.all([this.#read(format, name), this.#read(format, copyName(name))])
    const verdict = pairTable[first.decoded.state][copy.decoded.state]
    const absent = verdict === 'none'
    const held = heldCopy(verdict, first, copy)
    if (held?.decoded.state !== 'whole') return { verdict, revision: 0, version: first.version, absent }
    const other = held === first ? copy : first
    const faulty = faultOf(other, held.decoded.revision)
    const { fields, revision } = held.decoded
    return { verdict, fields, revision, version: first.version, absent, ...(faulty && { faulty }) }
  }

  /** Writes `pair`'s content over its faulty copy. Somebody else who is quicker is let be. */
  async repair(format: RecordFormat, pair: Pair): Promise<void> {
    const { faulty, fields, revision } = pair
    if (!faulty) return
    assert(fields, 'what is repaired is known')
    try {
      await this.#storage.write(faulty.name, encodeRecord(format, revision, fields), faulty.version)
    } catch (error) {
      if (isStoreChanged(error)) return
      throw error
    }
    await this.#audit.record({
      action: 'record.repaired',
      outcome: 'done',
      details: { record: faulty.name, found: faulty.state },
    })
  }

  /** Replaces the first, if it is still the one that `before` saw, then the copy. Rejects with 'vault.store-changed' before anything is written. */
  async write(format: RecordFormat, name: string, fields: RecordFields, before: Pair | undefined): Promise<Pair> {
    const revision = (before?.revision ?? 0) + 1
    const bytes = encodeRecord(format, revision, fields)
    const version = await this.#storage.write(name, bytes, before?.version)
    await this.#writeCopy(format, copyName(name), bytes, revision)
    return { verdict: 'use', fields, revision, version, absent: false }
  }

  async remove(name: string): Promise<void> {
    await this.#storage.remove(name)
    await this.#storage.remove(copyName(name))
  }

  async #read(format: RecordFormat, name: string): Promise<Copy> {
    const record = await this.#storage.read(name)
    if (!record) return { name, decoded: { state: 'missing' }, version: undefined }
    return { name, decoded: decodeRecord(format, record.bytes), version: record.version }
  }

  /** A later revision that is there already is let be. */
  async #writeCopy(format: RecordFormat, name: string, bytes: Uint8Array, revision: number): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const there = await this.#read(format, name)
      if (there.decoded.state === 'newer') return
      if (there.decoded.state === 'whole' && there.decoded.revision >= revision) return
      try {
        await this.#storage.write(name, bytes, there.version)
        return
      } catch (error) {
        if (!isStoreChanged(error)) throw error
      }
    }
    throw vaultErrors.create('vault.store-changed', { record: name })
  }
}

/** The fields of what was found, undefined when there is nothing. Throws 'vault.damaged' or 'vault.newer-version'. */
export function fieldsOf(pair: Pair, name: string): RecordFields | undefined {
  if (pair.verdict === 'damaged') throw vaultErrors.create('vault.damaged', { record: name })
  if (pair.verdict === 'newer') throw vaultErrors.create('vault.newer-version', { record: name })
  return pair.fields
}

export function isStoreChanged(error: unknown): boolean {
  return vaultErrors.is(error) && error.code === 'vault.store-changed'
}

function heldCopy(verdict: Verdict, first: Copy, copy: Copy): Copy | undefined {
  if (verdict === 'use first') return first
  if (verdict === 'use copy') return copy
  if (verdict !== 'use' || first.decoded.state !== 'whole' || copy.decoded.state !== 'whole') return undefined
  return copy.decoded.revision > first.decoded.revision ? copy : first
}

function faultOf({ name, decoded, version }: Copy, revision: number): Pair['faulty'] {
  if (decoded.state !== 'whole') return { name, state: decoded.state, version }
  return decoded.revision < revision ? { name, state: 'behind', version } : undefined
}
