import { join } from 'node:path'
import type { Random } from '@chronicle/base'
import type { Wal } from '@chronicle/wal'
import { BrokerLog } from './broker-log.ts'
import type { Log } from './contract.ts'
import { Engine } from './engine.ts'
import { logErrors } from './errors.ts'
import type { LogState } from './log-state.ts'
import { Maintenance } from './maintenance.ts'
import { registerHealth, registerMetrics } from './observe.ts'
import type { LogOptions } from './options.ts'
import { resolveSettings } from './settings.ts'
import { Snapshots } from './snapshot/snapshots.ts'

/**
 * Opens the log in `options.directory`, or makes a new one. Resolves once all that was acknowledged before is readable.
 * Rejects with 'log.metadata-damaged', 'log.snapshot-damaged', 'log.damaged' or an error of the write-ahead log.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const { clock, disk, random, registry, health, logger } = options
  const engine = new Engine({ clock, logger, settings: resolveSettings(options.settings ?? {}) })
  const snapshots = new Snapshots({ disk, directory: join(options.directory, 'snapshots'), clock, logger })
  const { state, lsn, damaged } = await snapshots.load(engine)
  engine.use(state)
  const wal = await options.openWal({
    replayFrom: lsn,
    onReplay: (at, stream, kind, payload) => state.replay(at, stream, kind, payload),
    events: engine,
  })
  engine.attach(wal)
  try {
    checkReach(state, wal, lsn)
    state.replayedAll()
    const clusterId = await clusterIdOf(state, random)
    const maintenance = new Maintenance(engine, state, snapshots)
    maintenance.start()
    registerHealth(health, engine, maintenance)
    registerMetrics(registry, engine, state, maintenance)
    logger.debug(
      {
        partitions: state.partitionCount,
        entriesReplayed: state.replayed,
        snapshotLsn: lsn,
        damagedSnapshots: damaged.length,
      },
      'log opened',
    )
    return new BrokerLog(engine, state, maintenance, clusterId, random)
  } catch (error) {
    await wal.close()
    throw error
  }
}

/** L10: what a start needs is in what is left of the write-ahead log: all entries from the snapshot on, all batches that may be read. */
function checkReach(state: LogState, { startLsn }: Wal, replayFrom: number): void {
  if (startLsn > replayFrom) {
    throw logErrors.create('log.snapshot-damaged', { lsn: replayFrom, reason: `entries below ${startLsn} are gone` })
  }
  for (const { topic, index, oldestLsn } of state.partitions()) {
    if (oldestLsn >= startLsn) continue
    throw logErrors.create('log.damaged', {
      topic,
      partition: index,
      lsn: oldestLsn,
      reason: `entries below ${startLsn} are gone`,
    })
  }
}

/** The id that was made at the first start; makes it now if this is that start. */
async function clusterIdOf(state: LogState, random: Random): Promise<string> {
  const known = state.journal.state.clusterId
  if (known !== undefined) return known
  const clusterId = Buffer.from(random.uuid().replaceAll('-', ''), 'hex').toString('base64url')
  await state.journal.append({ type: 'cluster-created', clusterId })
  return clusterId
}
