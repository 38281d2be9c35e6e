import type { Clock, Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { AuditLog, KeyStorage, MasterSource, Vault, VaultStatus } from './contract.ts'
import { OpenedVault } from './opened-vault.ts'
import { isStoreChanged, RecordPairs } from './record-pairs.ts'
import { RootKeys, readVaultRecord } from './root-keys.ts'
import { signingPublicKeyOf, wrapSigning } from './signing.ts'
import { statusOf, type VaultRecord, vaultRecordName, wrapRoot } from './vault-record.ts'
import { freshKey } from './wrap.ts'

export const maxAgeMsDefault = 30 * 24 * 60 * 60 * 1000
export const usesMaxDefault = 1_048_576

export type CreateVaultOptions = {
  readonly storage: KeyStorage
  readonly source: MasterSource
  readonly audit: AuditLog
  readonly clock: Clock
  readonly random: Random
  /** A data key seals nothing new once it is this old: 30 days unless given. */
  readonly maxAgeMs?: number | undefined
  /** Times that `keyFor` gives one data key out, over all processes: 1,048,576 unless given. */
  readonly usesMax?: number | undefined
}

export type OpenVaultOptions = Omit<CreateVaultOptions, 'source'> & {
  /** What the master may come from; the key store names the kind. */
  readonly sources: readonly MasterSource[]
}

/**
 * Opens the vault that `storage` holds, with the source of the kind that it names. Rejects with 'vault.not-initialised', 'vault.wrong-master',
 * 'vault.damaged', 'vault.newer-version', what the source rejects with, or, where no source of that kind is given, 'vault.no-passphrase',
 * 'vault.keychain-unavailable', 'vault.master-missing'.
 */
export async function openVault(options: OpenVaultOptions): Promise<Vault> {
  const { storage, sources, audit, clock, random } = options
  const limits = limitsOf(options)
  const pairs = new RecordPairs(storage, audit)
  try {
    const roots = await RootKeys.open(storage, pairs, sources)
    const details = { vault: roots.record.id, source: roots.record.source.kind }
    await audit.record({ action: 'vault.opened', outcome: 'done', details })
    return new OpenedVault({ storage, pairs, roots, audit, clock, random, limits })
  } catch (error) {
    if (vaultErrors.is(error) && error.code !== 'vault.not-initialised')
      await audit.record({ action: 'vault.opened', outcome: 'refused', details: { code: error.code } })
    throw error
  }
}

/** Makes a vault where there is none, and opens it. Rejects with 'vault.exists', also when what is there is damaged. */
export async function createVault(options: CreateVaultOptions): Promise<Vault> {
  const { storage, source, audit, clock, random } = options
  const limits = limitsOf(options)
  const pairs = new RecordPairs(storage, audit)
  const refuse = () => vaultErrors.create('vault.exists', { location: storage.location })
  const before = await pairs.look('chronicle-vault', vaultRecordName)
  if (!before.absent) throw refuse()
  const { master, parameters } = await source.make()
  const root = freshKey(random)
  const seed = freshKey(random)
  const publicKey = signingPublicKeyOf(seed)
  const birth = { id: random.uuid(), createdMs: clock.now() }
  const identity = { ...birth, source: { kind: source.kind, parameters }, signing: { publicKey } }
  const record: VaultRecord = {
    ...identity,
    signing: wrapSigning(birth, seed, publicKey, root, 1, random),
    roots: [wrapRoot(identity, 1, root, master, random)],
  }
  try {
    await pairs.write('chronicle-vault', vaultRecordName, record, before)
  } catch (error) {
    throw isStoreChanged(error) ? refuse() : error
  }
  const details = { vault: birth.id, source: source.kind, publicKey }
  await audit.record({ action: 'vault.created', outcome: 'done', details })
  const made: MasterSource = { ...source, open: async () => master }
  const roots = await RootKeys.open(storage, pairs, [made])
  return new OpenedVault({ storage, pairs, roots, audit, clock, random, limits })
}

/** What a key store says of itself, undefined where there is none. Needs no key, and proves nothing: who can write to the store can change it. */
export async function readVaultStatus(storage: KeyStorage): Promise<VaultStatus | undefined> {
  const pairs = new RecordPairs(storage, { record: async () => undefined })
  const found = await readVaultRecord(pairs)
  return found && statusOf(found.record, storage.location)
}

function limitsOf({
  maxAgeMs = maxAgeMsDefault,
  usesMax = usesMaxDefault,
}: Pick<CreateVaultOptions, 'maxAgeMs' | 'usesMax'>) {
  for (const [field, value] of Object.entries({ maxAgeMs, usesMax })) {
    if (Number.isSafeInteger(value) && value > 0) continue
    throw vaultErrors.create('vault.invalid-argument', { field, value, accepted: 'a whole number above 0' })
  }
  return { maxAgeMs, usesMax }
}
