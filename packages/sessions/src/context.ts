import type { Clock, Random } from '@chronicle/base'
import type { ObjectStore } from '@chronicle/objects'
import type { Logger } from '@chronicle/telemetry'
import type { NoteSigner, TileCache, Vault } from '@chronicle/vault'
import type { SessionSettings } from './contract.ts'
import type { WorkerPool } from './worker-pool.ts'

/** What every part of sessions works with. */
export type SessionContext = {
  readonly store: ObjectStore
  readonly vault: Vault
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly settings: SessionSettings
  readonly signer: NoteSigner
  /** Checkpoints of a session have the origin `<origin>/sessions/<id>`. */
  readonly origin: string
  readonly pool: WorkerPool
  /** One for all trees. */
  readonly tiles: TileCache
}

export function originOf(origin: string, sessionId: string): string {
  return `${origin}/sessions/${sessionId}`
}
