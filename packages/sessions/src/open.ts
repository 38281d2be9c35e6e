import type { Clock, Random } from '@chronicle/base'
import type { ObjectStore } from '@chronicle/objects'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import { type Anchor, type AuditLog, ed25519Signer, TileCache, type Vault } from '@chronicle/vault'
import { Admission } from './admission.ts'
import { Announcer } from './announcer.ts'
import { Auditor } from './auditor.ts'
import type { SessionContext } from './context.ts'
import type { RootListener, SessionSettings, Sessions } from './contract.ts'
import { cachedTilesMax, closeGraceMs } from './limits.ts'
import { pendingPrefix } from './object-keys.ts'
import { registerHealth, SessionObserver } from './observe.ts'
import { Operations } from './operations.ts'
import { Posting } from './posting.ts'
import { SessionService } from './service.ts'
import { SessionTable } from './session-table.ts'
import { Upkeep } from './upkeep.ts'
import { WorkerPool } from './worker-pool.ts'

export type OpenSessionsOptions = {
  /** Everything is kept under `sessions/`. The store is the caller's: closing the sessions does not close it. */
  readonly store: ObjectStore
  readonly vault: Vault
  readonly audit: AuditLog
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  readonly settings: SessionSettings
  /** Name of this installation in its checkpoints: that of a session has the origin `<origin>/sessions/<id>`. */
  readonly origin: string
  readonly anchors?: readonly Anchor[]
  readonly onRoot?: RootListener
}

/** Opens the sessions that a store has. Reads none of them: each is loaded when somebody asks for it. */
export async function openSessions(options: OpenSessionsOptions): Promise<Sessions> {
  const { store, vault, clock, random, logger, settings, origin } = options
  const signer = ed25519Signer(origin, await vault.signingKey())
  const pool = new WorkerPool(settings.maxWorkers, clock)
  const tiles = new TileCache(cachedTilesMax)
  const context: SessionContext = { store, vault, clock, random, logger, settings, signer, origin, pool, tiles }
  const table = new SessionTable(context)
  const admission = new Admission(settings.queueSize)
  const auditor = new Auditor(options.audit, clock, logger)
  const announcer = new Announcer(context, table, options.onRoot, options.anchors ?? [])
  const operations = new Operations(context, announcer)
  const observer = new SessionObserver(options.registry, () => ({
    queueLength: admission.chunks,
    queueSize: admission.chunksMax,
    workersBusy: pool.busy,
    workers: pool.size,
    openSessions: table.size,
  }))
  const posting = new Posting(context, table, admission, observer)
  const upkeep = new Upkeep(table, clock)
  registerHealth(options.health, () => ({
    store: posting.storeTrouble,
    audit: auditor.failure,
    roots: announcer.trouble,
  }))
  const resuming = resume(context, table, operations, announcer)
  const close = async (): Promise<void> => {
    const emptied = admission.close()
    const grace = clock.after(closeGraceMs, () => posting.abort())
    await emptied
    grace.cancel()
    await announcer.close()
    await resuming
    await upkeep.close()
    await auditor.close()
    await pool.close()
  }
  return new SessionService({ context, table, posting, operations, auditor, observer, close })
}

/** What an earlier run has left to announce, one session after the other, beside everything else. */
async function resume(
  context: SessionContext,
  table: SessionTable,
  operations: Operations,
  announcer: Announcer,
): Promise<void> {
  try {
    for await (const { key } of context.store.list({ prefix: pendingPrefix })) {
      if (announcer.isClosed) return
      const id = key.slice(pendingPrefix.length)
      await table
        .use(id, session => announcer.resume(session, () => operations.root(session)))
        .catch(error => {
          context.logger.warn({ session: id, error }, 'a root that had been signed could not be announced')
        })
    }
  } catch (error) {
    context.logger.warn({ error }, 'the sessions whose roots are not announced yet could not be listed')
  }
}
