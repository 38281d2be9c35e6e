import type { ObjectStore } from '@chronicle/objects'
import { type Hash, noteBytesMax, type Vault } from '@chronicle/vault'
import { openChunk } from './chunk-object.ts'
import type { SessionState } from './contract.ts'
import { checkpointKey } from './object-keys.ts'
import { readRecord } from './record.ts'
import { SessionKeys } from './session-keys.ts'
import { readWithInfo } from './store-read.ts'
import { tileStorage } from './tile-storage.ts'

/** A session as it is stored, read beside whoever works on it: nothing is changed. For those who check it from scratch. */
export type StoredSession = {
  readonly state: SessionState
  /** Leaves whose tiles are durable: those of a checkpoint, and perhaps more. Fuller tiles have taken the place of partial ones. */
  readonly treeSize: number
  /** A file of its tree (C2SP tlog-tiles) by path, or `checkpoint`; undefined where there is none. */
  treeFile(path: string): Promise<Uint8Array | undefined>
  /** Opens one chunk; undefined where there is none. Rejects with 'sessions.damaged', and with what the vault rejects with. */
  chunk(index: number, vault: Vault): Promise<OpenedChunk | undefined>
}

export type OpenedChunk = {
  /** What its salt, hash and metadata lead to. */
  readonly leafData: Hash
  /** Ends only once the payload has the hash that the leaf data are made of. Rejects with 'sessions.damaged'. */
  payload(): AsyncGenerator<Uint8Array>
}

/** undefined where there is no such session. Rejects with 'sessions.damaged', 'vault.newer-version'. */
export async function readStoredSession(store: ObjectStore, sessionId: string): Promise<StoredSession | undefined> {
  const stored = await readRecord(store, sessionId)
  if (!stored) return undefined
  const { state, keyId, pbkdf2Iterations, tree } = stored.record
  const tiles = tileStorage(store, sessionId)
  let keys: SessionKeys | undefined
  return {
    state: state === 'deleting' ? 'deleted' : state,
    treeSize: tree.size,
    async treeFile(path) {
      if (path !== 'checkpoint') return tiles.read(path)
      return (await readWithInfo(store, checkpointKey(sessionId), noteBytesMax))?.bytes
    },
    async chunk(index, vault) {
      const own = (keys ??= new SessionKeys(sessionId, { keyId, pbkdf2Iterations }, vault))
      return openChunk(store, sessionId, index, header => own.forOpening(header))
    },
  }
}
