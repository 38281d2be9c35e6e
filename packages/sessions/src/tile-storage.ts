import { type ObjectStore, readObjectIfAny } from '@chronicle/objects'
import type { TileStorage } from '@chronicle/vault'
import { tileBytesMax } from './limits.ts'
import { treeKey } from './object-keys.ts'

/** The tiles of a session's tree as objects. */
export function tileStorage(store: ObjectStore, sessionId: string): TileStorage {
  return {
    read: path => readObjectIfAny(store, treeKey(sessionId, path), { bytesMax: tileBytesMax }),
    write: async (path, bytes) => void (await store.put(treeKey(sessionId, path), bytes)),
    remove: path => store.delete(treeKey(sessionId, path)),
  }
}
