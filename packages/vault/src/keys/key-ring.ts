import { assert, type Clock, type Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { AuditLog, DataKey, KeyInfo, KeyStorage } from './contract.ts'
import { type DestroyedEntry, type FoundKey, type KeyEntry, KeyRecords, unwrapEntry, wrapEntry } from './key-records.ts'
import { Lru } from './lru.ts'
import { readPurpose } from './purpose-records.ts'
import { isUuid } from './record.ts'
import type { RecordPairs } from './record-pairs.ts'
import type { RootKeys } from './root-keys.ts'
import { Turns } from './turns.ts'
import { freshKey } from './wrap.ts'

export type KeyRingOptions = {
  readonly storage: KeyStorage
  readonly pairs: RecordPairs
  readonly roots: RootKeys
  readonly audit: AuditLog
  readonly clock: Clock
  readonly random: Random
}

/** Keys that are held open. */
export const openKeysMax = 1000
/** A key that another process destroyed is gone from this one after so long (VK5). */
export const recheckMs = 60_000
/** How often the store may change under one operation. */
const attemptsMax = 16

type Held = { readonly key: DataKey; checkedMs: number }

/** The data keys of a vault: made, opened, held open, destroyed. One operation at a time on each key. */
export class KeyRing {
  readonly records: KeyRecords
  readonly #options: KeyRingOptions
  readonly #held = new Lru<Held>(openKeysMax)
  readonly #turns = new Turns()

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.records = new KeyRecords(options.pairs, options.audit, options.roots.record.id)
  }

  /** Rejects with 'vault.key-not-found', 'vault.key-destroyed', 'vault.damaged', …; refusals stand in the audit log. */
  async key(id: string): Promise<DataKey> {
    if (!isUuid(id)) throw vaultErrors.create('vault.invalid-argument', { field: 'id', value: id, accepted: 'a UUID' })
    return this.#fresh(id) ?? (await this.#turns.run(id, () => this.#open(id)))
  }

  /** A fresh key, durable in both copies under the root key that is current by then. Nobody knows of it before it is returned. */
  async make(purpose: string): Promise<DataKey> {
    const { roots, clock, random, audit } = this.#options
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      // Anew each time: whoever changes the root key may be writing the record of the last attempt still.
      const identity = { vault: roots.record.id, id: random.uuid(), purpose, createdMs: clock.now() }
      const secret = freshKey(random)
      const { generation } = roots
      const root = roots.root(generation)
      assert(root, 'the newest root key is open')
      await this.records.create(wrapEntry(identity, secret, root, generation, random))
      if (await this.#isNewest(generation, identity.id)) {
        await audit.record({ action: 'key.created', outcome: 'done', details: { keyId: identity.id, purpose } })
        const key: DataKey = { id: identity.id, purpose, createdMs: identity.createdMs, state: 'current', secret }
        this.#held.set(key.id, { key, checkedMs: clock.monotonic() })
        return key
      }
    }
    throw vaultErrors.create('vault.store-changed', { purpose })
  }

  /** Takes away a key that `make` has made and nobody was given. */
  async discard(id: string): Promise<void> {
    this.#held.delete(id)
    await this.records.discard(id)
  }

  /** A newer key has become the current one. */
  retire(id: string): void {
    const held = this.#held.get(id)
    if (held) this.#held.set(id, { ...held, key: { ...held.key, state: 'retired' } })
  }

  async destroy(id: string, reason: string): Promise<void> {
    if (!isUuid(id)) throw vaultErrors.create('vault.invalid-argument', { field: 'id', value: id, accepted: 'a UUID' })
    await this.#turns.run(id, async () => {
      this.#held.delete(id)
      const entry = await this.#toDestroy(id)
      if (!entry) return
      const { vault, purpose, createdMs } = entry
      await this.records.destroy({ vault, id, purpose, createdMs, destroyedMs: this.#options.clock.now(), reason })
    })
  }

  /** What is known of a key without opening it. */
  async info(found: FoundKey, id: string): Promise<KeyInfo | undefined> {
    if (found.state === 'absent') return undefined
    if (found.state === 'destroyed') return destroyedInfo(id, found.entry)
    const { purpose, createdMs } = found.entry
    return { id, purpose, createdMs, state: await this.#stateOf(found.entry) }
  }

  clear(): void {
    this.#held.clear()
  }

  /**
   * After a record was written: a change of the root key that begins after this look finds the record and wraps it anew; one that began before is
   * seen here, and the record goes again (VK6).
   */
  async #isNewest(generation: number, id: string): Promise<boolean> {
    let isNewest = false
    try {
      await this.#options.roots.refresh()
      isNewest = this.#options.roots.generation === generation
      return isNewest
    } finally {
      if (!isNewest) await this.records.discard(id)
    }
  }

  #fresh(id: string): DataKey | undefined {
    const held = this.#held.get(id)
    return held && this.#options.clock.monotonic() - held.checkedMs < recheckMs ? held.key : undefined
  }

  async #open(id: string): Promise<DataKey> {
    const fresh = this.#fresh(id)
    if (fresh) return fresh
    const { audit, clock } = this.#options
    const before = this.#held.get(id)?.key
    this.#held.delete(id)
    const checkedMs = clock.monotonic()
    try {
      const entry = await this.#entry(id)
      const secret = before?.secret ?? (await this.#unwrap(entry))
      const state = await this.#stateOf(entry)
      const key: DataKey = { id, purpose: entry.purpose, createdMs: entry.createdMs, state, secret }
      const details = { keyId: id, purpose: key.purpose, state }
      if (!before) await audit.record({ action: 'key.opened', outcome: 'done', details })
      this.#held.set(id, { key, checkedMs })
      return key
    } catch (error) {
      if (!vaultErrors.is(error)) throw error
      await audit.record({ action: 'key.opened', outcome: 'refused', details: { keyId: id, code: error.code } })
      throw error
    }
  }

  async #entry(id: string): Promise<KeyEntry> {
    const found = await this.records.find(id)
    if (found.state === 'there') return found.entry
    if (found.state === 'absent') throw vaultErrors.create('vault.key-not-found', { keyId: id })
    const known = found.entry === 'lost' ? {} : { at: new Date(found.entry.destroyedMs).toISOString() }
    throw vaultErrors.create('vault.key-destroyed', { keyId: id, ...known })
  }

  /** The root key may have been changed by another process since `vault.json` was read, and the record by now as well. */
  async #unwrap(first: KeyEntry): Promise<DataKey['secret']> {
    const { roots } = this.#options
    for (let entry = first, attempt = 0; attempt < attemptsMax; attempt++) {
      const root = roots.root(entry.rootGeneration)
      if (root) return unwrapEntry(entry, root)
      const changed = await roots.refresh()
      if (!changed && attempt > 0) break
      entry = await this.#entry(entry.id)
    }
    const part = `root key ${first.rootGeneration}, which it names, is not in the key store`
    throw vaultErrors.create('vault.damaged', { keyId: first.id, part })
  }

  async #stateOf({ id, purpose }: KeyEntry): Promise<'current' | 'retired'> {
    const { entry } = await readPurpose(this.#options.storage, purpose)
    return entry?.current === id ? 'current' : 'retired'
  }

  /** What the record of the destruction will say; undefined when the key is destroyed already. A damaged record can be destroyed as well. */
  async #toDestroy(id: string): Promise<Pick<DestroyedEntry, 'vault' | 'purpose' | 'createdMs'> | undefined> {
    try {
      const found = await this.records.find(id)
      if (found.state === 'destroyed') return undefined
      if (found.state === 'there') return found.entry
    } catch (error) {
      if (!vaultErrors.is(error) || error.code !== 'vault.damaged') throw error
      return { vault: this.#options.roots.record.id, purpose: '', createdMs: 0 }
    }
    throw vaultErrors.create('vault.key-not-found', { keyId: id })
  }
}

function destroyedInfo(id: string, entry: DestroyedEntry | 'lost'): KeyInfo {
  const { purpose, createdMs } = entry === 'lost' ? { purpose: '', createdMs: 0 } : entry
  return { id, purpose, createdMs, state: 'destroyed' }
}
