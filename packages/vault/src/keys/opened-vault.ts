import type { KeyObject } from 'node:crypto'
import type { Clock, Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { AuditLog, DataKey, KeyInfo, KeyStorage, MasterSource, Vault, VaultStatus } from './contract.ts'
import { listKeys } from './key-list.ts'
import { KeyRing } from './key-ring.ts'
import { Purposes, type RotationLimits } from './purposes.ts'
import type { RecordPairs } from './record-pairs.ts'
import { rewrapAll } from './rewrap.ts'
import type { RootKeys } from './root-keys.ts'
import { unwrapSigning } from './signing.ts'
import { Turns } from './turns.ts'
import { statusOf } from './vault-record.ts'

const reasonBytesMax = 1000

export type OpenedVaultOptions = {
  readonly storage: KeyStorage
  readonly pairs: RecordPairs
  readonly roots: RootKeys
  readonly audit: AuditLog
  readonly clock: Clock
  readonly random: Random
  readonly limits: RotationLimits
}

export class OpenedVault implements Vault {
  readonly id: string
  readonly #options: OpenedVaultOptions
  readonly #ring: KeyRing
  readonly #purposes: Purposes
  readonly #turns = new Turns()
  #signing: KeyObject | undefined
  #closed = false

  constructor(options: OpenedVaultOptions) {
    const { storage, roots, audit, clock, limits } = options
    this.id = roots.record.id
    this.#options = options
    this.#ring = new KeyRing(options)
    this.#purposes = new Purposes(storage, this.#ring, audit, clock, limits)
  }

  get status(): VaultStatus {
    const { roots, storage } = this.#options
    return statusOf(roots.record, storage.location)
  }

  async keyFor(purpose: string): Promise<DataKey> {
    this.#checkOpen()
    return this.#purposes.keyFor(purpose)
  }

  async key(id: string): Promise<DataKey> {
    this.#checkOpen()
    return this.#ring.key(id)
  }

  keys(prefix = ''): AsyncIterable<KeyInfo> {
    this.#checkOpen()
    return listKeys(this.#options.storage, this.#ring, prefix)
  }

  async rotate(purpose: string): Promise<KeyInfo> {
    this.#checkOpen()
    const { id, createdMs, state } = await this.#purposes.rotate(purpose)
    return { id, purpose, createdMs, state }
  }

  async destroy(id: string, reason: string): Promise<void> {
    this.#checkOpen()
    const bytes = Buffer.byteLength(reason)
    if (bytes > reasonBytesMax)
      throw vaultErrors.create('vault.invalid-argument', {
        field: 'reason',
        value: `${bytes} bytes`,
        accepted: `up to ${reasonBytesMax} bytes of UTF-8`,
      })
    await this.#ring.destroy(id, reason)
  }

  async rewrap(options: {
    source?: MasterSource
    onProgress?: (done: number, total: number) => void
  }): Promise<{ keys: number }> {
    this.#checkOpen()
    const { storage, roots, audit, random } = this.#options
    return this.#turns.run('rewrap', async () => {
      const context = { storage, roots, records: this.#ring.records, random }
      const details = () => ({ source: roots.record.source.kind, rootGeneration: roots.generation })
      try {
        const keys = await rewrapAll(context, options.source, options.onProgress ?? (() => undefined))
        await audit.record({ action: 'vault.rewrapped', outcome: 'done', details: { ...details(), keys } })
        return { keys }
      } catch (error) {
        const code = vaultErrors.is(error) ? error.code : 'other'
        await audit.record({ action: 'vault.rewrapped', outcome: 'failed', details: { ...details(), code } })
        throw error
      }
    })
  }

  async signingKey(): Promise<KeyObject> {
    this.#checkOpen()
    const { roots, audit } = this.#options
    if (this.#signing) return this.#signing
    const { key } = unwrapSigning(roots.record, roots.root(roots.record.signing.rootGeneration))
    const details = { publicKey: roots.record.signing.publicKey }
    await audit.record({ action: 'signing-key.opened', outcome: 'done', details })
    this.#signing = key
    return key
  }

  close(): void {
    this.#closed = true
    this.#signing = undefined
    this.#ring.clear()
    this.#purposes.clear()
  }

  #checkOpen(): void {
    if (this.#closed) throw vaultErrors.create('vault.closed', { vault: this.id })
  }
}
