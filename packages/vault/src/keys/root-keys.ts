import type { KeyObject } from 'node:crypto'
import { vaultErrors } from '../errors.ts'
import type { KeyStorage, MasterSource } from './contract.ts'
import { fieldsOf, type Pair, type RecordPairs } from './record-pairs.ts'
import {
  newestGeneration,
  type SourceParameters,
  unwrapRoot,
  type VaultRecord,
  vaultRecordName,
  vaultRecordOf,
} from './vault-record.ts'

type Opened = {
  readonly record: VaultRecord
  readonly pair: Pair
  readonly master: KeyObject
  readonly roots: ReadonlyMap<number, KeyObject>
}

/** The master and the root keys of an opened vault, as `vault.json` has them. Another process may change that under us: `refresh` follows. */
export class RootKeys {
  readonly #pairs: RecordPairs
  readonly #sources: readonly MasterSource[]
  #opened: Opened

  private constructor(pairs: RecordPairs, sources: readonly MasterSource[], opened: Opened) {
    this.#pairs = pairs
    this.#sources = sources
    this.#opened = opened
  }

  /** Rejects with 'vault.not-initialised', 'vault.damaged', 'vault.newer-version', 'vault.wrong-master', and what the source rejects with. */
  static async open(storage: KeyStorage, pairs: RecordPairs, sources: readonly MasterSource[]): Promise<RootKeys> {
    const found = await readVaultRecord(pairs)
    if (!found) throw vaultErrors.create('vault.not-initialised', { location: storage.location })
    const master = await openMaster(found.record, sources)
    const keys = new RootKeys(pairs, sources, opened(found, master))
    await pairs.repair('chronicle-vault', found.pair)
    return keys
  }

  get record(): VaultRecord {
    return this.#opened.record
  }

  get pair(): Pair {
    return this.#opened.pair
  }

  get master(): KeyObject {
    return this.#opened.master
  }

  get generation(): number {
    return newestGeneration(this.#opened.record)
  }

  root(generation: number): KeyObject | undefined {
    return this.#opened.roots.get(generation)
  }

  /** Reads `vault.json` again. True when somebody has changed it. */
  async refresh(): Promise<boolean> {
    const found = await readVaultRecord(this.#pairs)
    if (!found) throw vaultErrors.create('vault.damaged', { record: vaultRecordName, part: 'it is gone' })
    const before = this.#opened
    if (found.pair.revision === before.pair.revision) return false
    const sameSource = JSON.stringify(found.record.source) === JSON.stringify(before.record.source)
    const master = sameSource ? before.master : await openMaster(found.record, this.#sources)
    this.#opened = opened(found, master)
    return true
  }

  /** Replaces `vault.json`. Rejects with 'vault.store-changed' when it is not the one that was read any more. */
  async replace(record: VaultRecord, master: KeyObject): Promise<void> {
    const pair = await this.#pairs.write('chronicle-vault', vaultRecordName, record, this.#opened.pair)
    this.#opened = opened({ record, pair }, master)
  }
}

/** What stands in `vault.json`, undefined when there is no vault. Needs no key, and so proves nothing. */
export async function readVaultRecord(pairs: RecordPairs): Promise<{ record: VaultRecord; pair: Pair } | undefined> {
  const pair = await pairs.look('chronicle-vault', vaultRecordName)
  const fields = fieldsOf(pair, vaultRecordName)
  return fields && { record: vaultRecordOf(fields), pair }
}

function opened({ record, pair }: { record: VaultRecord; pair: Pair }, master: KeyObject): Opened {
  const roots = new Map(record.roots.map(root => [root.generation, unwrapRoot(record, root, master)]))
  return { record, pair, master, roots }
}

const noSource = {
  passphrase: 'vault.no-passphrase',
  keychain: 'vault.keychain-unavailable',
  file: 'vault.master-missing',
} as const

function openMaster({ id, source }: VaultRecord, sources: readonly MasterSource[]): Promise<KeyObject> {
  const given = sources.find(({ kind }) => kind === source.kind)
  if (!given) throw vaultErrors.create(noSource[source.kind], { vault: id, source: source.kind })
  const parameters: SourceParameters = source.parameters
  return given.open(parameters)
}
