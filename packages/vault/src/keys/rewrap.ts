/**
 * A fresh root key, and a new master if one is given, without a touch to any data (VK6):
 *
 * 1. `vault.json` is replaced in one write: all root keys it has and a fresh one, wrapped by the new master. From here on only the new master opens the vault.
 * 2. Each key record is wrapped anew under the fresh root. Meanwhile every root that any record names is there.
 * 3. `vault.json` is replaced again: the old roots go. A record under a root that is gone was written by a process that had not yet looked
 *    whether the root is still the newest, and so was never handed out.
 *
 * A crash between any two writes leaves all keys readable; running it again completes it, with a root of its own.
 */
import { assert, type Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { KeyStorage, MasterSource } from './contract.ts'
import { keyIds } from './key-list.ts'
import { type KeyRecords, keyName, unwrapEntry, wrapEntry } from './key-records.ts'
import type { RootKeys } from './root-keys.ts'
import { unwrapSigning, wrapSigning } from './signing.ts'
import { unwrapRoot, type VaultRecord, wrapRoot } from './vault-record.ts'
import { freshKey } from './wrap.ts'

export type RewrapContext = {
  readonly storage: KeyStorage
  readonly roots: RootKeys
  readonly records: KeyRecords
  readonly random: Random
}

/** A record that others change at the same time is tried so often. */
const attemptsMax = 16

/** Returns how many keys are under the fresh root. */
export async function rewrapAll(
  context: RewrapContext,
  source: MasterSource | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<number> {
  const { storage, roots, random } = context
  await roots.refresh()
  await addRoot(roots, source, random)
  const generation = roots.generation
  let total = 0
  for await (const _ of keyIds(storage)) total++
  let [done, keys, damage] = [0, 0, undefined as unknown]
  for await (const id of keyIds(storage)) {
    try {
      if (await rewrapKey(context, id, generation)) keys++
    } catch (error) {
      // The others go on; the old roots stay, for who restores this record from a backup.
      if (!vaultErrors.is(error) || error.code !== 'vault.damaged') throw error
      damage ??= error
    }
    onProgress(++done, Math.max(done, total))
  }
  if (damage) throw damage
  const { record } = roots
  await roots.replace({ ...record, roots: record.roots.filter(root => root.generation >= generation) }, roots.master)
  return keys
}

async function addRoot(roots: RootKeys, source: MasterSource | undefined, random: Random): Promise<void> {
  const { record } = roots
  const made = source && { kind: source.kind, ...(await source.make()) }
  if (made?.master.equals(roots.master) && record.roots.length === 1)
    throw vaultErrors.create('vault.invalid-argument', {
      field: 'source',
      value: 'the master key that the key store has already',
      accepted: 'a source that makes another key: another passphrase, or a path where there is no key file yet',
    })
  const master = made?.master ?? roots.master
  const identity = { ...record, source: made ? { kind: made.kind, parameters: made.parameters } : record.source }
  const generation = roots.generation + 1
  const root = freshKey(random)
  const wrapped = record.roots.map(({ generation: older }) => {
    const key = roots.root(older)
    assert(key, 'all roots of an opened vault are open')
    return wrapRoot(identity, older, key, master, random)
  })
  wrapped.push(wrapRoot(identity, generation, root, master, random))
  const { publicKey, rootGeneration } = record.signing
  const { seed } = unwrapSigning(record, roots.root(rootGeneration))
  const signing = wrapSigning(record, seed, publicKey, root, generation, random)
  const next: VaultRecord = { ...identity, signing, roots: wrapped }
  // Before anything depends on it: what is written opens with the new master.
  for (const entry of next.roots) unwrapRoot(next, entry, master)
  await roots.replace(next, master)
}

/** False when there is nothing to wrap. */
async function rewrapKey({ roots, records, random }: RewrapContext, id: string, generation: number): Promise<boolean> {
  const fresh = roots.root(generation)
  assert(fresh, 'the fresh root is open')
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const found = await records.find(id)
    if (found.state !== 'there') return false
    const { entry, pair } = found
    if (entry.rootGeneration >= generation) return true
    const root = roots.root(entry.rootGeneration)
    // A process that ended before it saw that the root had changed has left it; nobody was given this key.
    if (!root) return false
    const rewrapped = wrapEntry(entry, unwrapEntry(entry, root), fresh, generation, random)
    if (await records.replace(rewrapped, pair)) return true
  }
  throw vaultErrors.create('vault.store-changed', { record: keyName(id) })
}
