import type { Clock } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { AuditLog, DataKey, KeyStorage } from './contract.ts'
import type { KeyRing } from './key-ring.ts'
import { recheckMs } from './key-ring.ts'
import { Lru } from './lru.ts'
import { type FoundPurpose, readPurpose, writePurpose } from './purpose-records.ts'
import { isStoreChanged } from './record-pairs.ts'
import { Turns } from './turns.ts'

export type RotationLimits = {
  /** A key seals nothing new once it is this old. */
  readonly maxAgeMs: number
  /** How often `keyFor` gives a key out to seal with, over all processes. */
  readonly usesMax: number
}

export const purposeBytesMax = 1000
/** Purposes whose current key is known without a look. */
const purposesMax = 1000
const attemptsMax = 16
/** A process takes uses in blocks of this share of `usesMax`, and loses what is left of one when it ends. */
const blocksMax = 256

type Held = { readonly id: string; usesLeft: number; checkedMs: number }

/** Which key seals what is new for each purpose, and when a fresh one takes its place (VK7). One operation at a time on each purpose. */
export class Purposes {
  readonly #storage: KeyStorage
  readonly #ring: KeyRing
  readonly #audit: AuditLog
  readonly #clock: Clock
  readonly #limits: RotationLimits
  readonly #held = new Lru<Held>(purposesMax)
  readonly #turns = new Turns()

  constructor(storage: KeyStorage, ring: KeyRing, audit: AuditLog, clock: Clock, limits: RotationLimits) {
    this.#storage = storage
    this.#ring = ring
    this.#audit = audit
    this.#clock = clock
    this.#limits = limits
  }

  keyFor(purpose: string): Promise<DataKey> {
    checkPurpose(purpose)
    return this.#turns.run(purpose, async () => (await this.#heldKey(purpose)) ?? (await this.#renew(purpose, false)))
  }

  rotate(purpose: string): Promise<DataKey> {
    checkPurpose(purpose)
    return this.#turns.run(purpose, () => this.#renew(purpose, true))
  }

  clear(): void {
    this.#held.clear()
  }

  /** Without a look at the store, while that is recent enough. */
  async #heldKey(purpose: string): Promise<DataKey | undefined> {
    const held = this.#held.get(purpose)
    if (!held || held.usesLeft === 0 || this.#clock.monotonic() - held.checkedMs >= recheckMs) return undefined
    const key = await this.#usable(held.id, purpose)
    if (key) held.usesLeft--
    return key
  }

  /** The key that the store names, or a fresh one that it names from now on. */
  async #renew(purpose: string, forced: boolean): Promise<DataKey> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const checkedMs = this.#clock.monotonic()
      const found = await readPurpose(this.#storage, purpose)
      const key = forced ? undefined : await this.#reserve(purpose, found, checkedMs)
      if (key === 'changed') continue
      const renewed = key ?? (await this.#replace(purpose, found, checkedMs))
      if (renewed) return renewed
    }
    throw vaultErrors.create('vault.store-changed', { purpose })
  }

  /** Takes uses of the key that the store names; undefined when it has none left, is too old, or is gone. */
  async #reserve(purpose: string, found: FoundPurpose, checkedMs: number): Promise<DataKey | 'changed' | undefined> {
    if (!found.entry) return undefined
    const { current, usesReserved } = found.entry
    const key = await this.#usable(current, purpose)
    if (!key) return undefined
    const held = this.#held.get(purpose)
    if (held?.id === current && held.usesLeft > 0) {
      Object.assign(held, { usesLeft: held.usesLeft - 1, checkedMs })
      return key
    }
    const block = Math.min(this.#block, this.#limits.usesMax - usesReserved)
    if (block <= 0) return undefined
    if (!(await this.#write(purpose, current, usesReserved + block, found))) return 'changed'
    this.#held.set(purpose, { id: current, usesLeft: block - 1, checkedMs })
    return key
  }

  /** Undefined when another process was quicker. */
  async #replace(purpose: string, found: FoundPurpose, checkedMs: number): Promise<DataKey | undefined> {
    const key = await this.#ring.make(purpose)
    const block = this.#block
    if (!(await this.#write(purpose, key.id, block, found))) {
      await this.#ring.discard(key.id)
      return undefined
    }
    this.#held.set(purpose, { id: key.id, usesLeft: block - 1, checkedMs })
    const before = found.entry?.current
    if (before) this.#ring.retire(before)
    const details = {
      keyId: key.id,
      purpose,
      ...(before && { retired: before }),
      ...(found.damaged && { damaged: true }),
    }
    if (before || found.damaged) await this.#audit.record({ action: 'key.rotated', outcome: 'done', details })
    return key
  }

  get #block(): number {
    return Math.max(1, Math.floor(this.#limits.usesMax / blocksMax))
  }

  /** Undefined when the key is too old, destroyed, gone, or not for this purpose. */
  async #usable(id: string, purpose: string): Promise<DataKey | undefined> {
    try {
      const key = await this.#ring.key(id)
      const fits = key.purpose === purpose && this.#clock.now() - key.createdMs < this.#limits.maxAgeMs
      return fits ? key : undefined
    } catch (error) {
      if (!vaultErrors.is(error)) throw error
      if (error.code === 'vault.key-destroyed' || error.code === 'vault.key-not-found') return undefined
      throw error
    }
  }

  async #write(purpose: string, current: string, usesReserved: number, found: FoundPurpose): Promise<boolean> {
    try {
      await writePurpose(this.#storage, purpose, { current, usesReserved }, found)
      return true
    } catch (error) {
      if (isStoreChanged(error)) return false
      throw error
    }
  }
}

function checkPurpose(purpose: string): void {
  const bytes = Buffer.byteLength(purpose)
  if (bytes > 0 && bytes <= purposeBytesMax && purpose.isWellFormed()) return
  throw vaultErrors.create('vault.invalid-argument', {
    field: 'purpose',
    value: `${bytes} bytes`,
    accepted: `1 to ${purposeBytesMax} bytes of UTF-8`,
  })
}
