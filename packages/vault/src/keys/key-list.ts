import { vaultErrors } from '../errors.ts'
import type { KeyInfo, KeyStorage } from './contract.ts'
import { destroyedPrefix, keyPrefix } from './key-records.ts'
import type { KeyRing } from './key-ring.ts'
import { isUuid } from './record.ts'
import { copyName } from './record-pairs.ts'

/** The ids of all keys that have a record in either copy, in order, each once. */
export function keyIds(storage: KeyStorage): AsyncIterable<string> {
  return idsUnder(storage, keyPrefix)
}

/**
 * Keys that are there, then those that were destroyed; those whose purpose begins with `prefix`. Goes past records that are damaged, and throws the first one's
 * error at the end.
 */
export async function* listKeys(storage: KeyStorage, ring: KeyRing, prefix: string): AsyncIterable<KeyInfo> {
  let damage: unknown
  for (const [place, wanted] of [
    [keyPrefix, 'there'],
    [destroyedPrefix, 'destroyed'],
  ] as const) {
    for await (const id of idsUnder(storage, place)) {
      try {
        const found = await ring.records.find(id)
        // A key of both places was destroyed a moment ago: it comes once, with the second.
        if (found.state !== wanted) continue
        const info = await ring.info(found, id)
        if (info?.purpose.startsWith(prefix)) yield info
      } catch (error) {
        if (!vaultErrors.is(error)) throw error
        damage ??= error
      }
    }
  }
  if (damage) throw damage
}

/** Merges the two ordered lists of a place and its copies. */
async function* idsUnder(storage: KeyStorage, place: string): AsyncGenerator<string, void> {
  const lists = [place, copyName(place)].map(prefix => idsOf(storage, prefix))
  try {
    const next = await Promise.all(lists.map(list => list.next()))
    for (;;) {
      const ids = next.filter(({ done }) => !done).map(({ value }) => value as string)
      if (ids.length === 0) return
      const id = ids.reduce((least, other) => (other < least ? other : least))
      yield id
      for (const [at, list] of lists.entries()) {
        if (!next[at]!.done && next[at]!.value === id) next[at] = await list.next()
      }
    }
  } finally {
    for (const list of lists) await list.return(undefined)
  }
}

/** Names that are not those of a record are not ours. */
async function* idsOf(storage: KeyStorage, prefix: string): AsyncGenerator<string, void> {
  for await (const name of storage.list(prefix)) {
    const id = name.slice(prefix.length, -'.json'.length)
    if (name.endsWith('.json') && isUuid(id)) yield id
  }
}
