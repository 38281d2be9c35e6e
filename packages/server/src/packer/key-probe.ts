import type { Clock } from '@chronicle/base'
import type { PackerCheck } from '@chronicle/packer'
import { readVaultStatus, type Vault, vaultErrors } from '@chronicle/vault'
import { openDataVault, type VaultOptions, type VaultParts } from '../vault/open-vault.ts'

/** How often the list of all keys is gone through: it has one for each day. */
const listedMsMax = 60_000

/** What the key of a day, or of the manifest, is for. */
export const archivePurpose = (name: string): string => `archive/${name}`

/** What the vault says of keys. */
type Listed = { readonly lostFiles: number; readonly isManifestLost: boolean }

/** Looks whether the keys of an archive can still be had: a packer holds them open, and would find out at its next start. */
export class KeyProbe {
  readonly #vault: Vault
  readonly #parts: VaultParts
  readonly #options: VaultOptions
  readonly #clock: Clock
  #listed: Promise<Listed> | undefined
  #listedAtMs = 0

  constructor(vault: Vault, parts: VaultParts, options: VaultOptions, clock: Clock) {
    this.#vault = vault
    this.#parts = parts
    this.#options = options
    this.#clock = clock
  }

  /** `filesByKey`: how many files of the archive each key opens. Rejects with what opening the vault now would reject with. */
  async look(filesByKey: ReadonlyMap<string, number>): Promise<PackerCheck> {
    await this.#openAgain()
    const { source, sourceDetail } = this.#vault.status
    const where = `${source}: ${sourceDetail}`
    const { lostFiles, isManifestLost } = await this.#list(filesByKey)
    if (isManifestLost) {
      const reason = `${where}; the key of the manifest was destroyed: let the packer run until its next files are in place, which writes the manifest under a fresh key`
      return { status: 'failing', reason }
    }
    if (lostFiles === 0) return { status: 'ok', reason: where }
    return {
      status: 'degraded',
      reason: `${where}; ${lostFiles} files cannot be opened: their keys were destroyed or lost`,
    }
  }

  /**
   * As the next start would, where that costs nothing: a key file is read, and the root key opened with it. Deriving a master from a passphrase takes
   * seconds, and a keychain may ask a person: there only the key store is read.
   */
  async #openAgain(): Promise<void> {
    const found = await readVaultStatus(this.#parts.storage)
    if (!found) throw vaultErrors.create('vault.not-initialised', { location: this.#parts.storage.location })
    if (found.source !== 'file') return
    // A look is no use of a key: the audit log would be full of them.
    const parts = { ...this.#parts, audit: { record: async () => undefined } }
    const vault = await openDataVault(parts, this.#options)
    vault.close()
  }

  #list(filesByKey: ReadonlyMap<string, number>): Promise<Listed> {
    const now = this.#clock.monotonic()
    if (this.#listed && now - this.#listedAtMs < listedMsMax) return this.#listed
    this.#listedAtMs = now
    this.#listed = listed(this.#vault, filesByKey)
    // What failed is looked at again with the next question.
    this.#listed.catch(() => {
      this.#listed = undefined
    })
    return this.#listed
  }
}

async function listed(vault: Vault, filesByKey: ReadonlyMap<string, number>): Promise<Listed> {
  const lost = new Map(filesByKey)
  let manifest = { createdMs: 0, isDestroyed: false }
  for await (const { id, purpose, createdMs, state } of vault.keys(archivePurpose(''))) {
    if (state !== 'destroyed') lost.delete(id)
    if (purpose === archivePurpose('manifest') && createdMs >= manifest.createdMs) {
      manifest = { createdMs, isDestroyed: state === 'destroyed' }
    }
  }
  return { lostFiles: [...lost.values()].reduce((sum, files) => sum + files, 0), isManifestLost: manifest.isDestroyed }
}
