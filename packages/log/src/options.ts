import type { Clock, Random } from '@chronicle/base'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import type { Disk, ReplayVisitor, Wal, WalEvents } from '@chronicle/wal'
import type { LogSettings } from './settings.ts'

/** Opens the write-ahead log that everything goes through: `openDiskWal` with its own arguments filled in, or another. */
export type OpenWal = (args: {
  /** Only entries from this position on are replayed. */
  readonly replayFrom: number
  readonly onReplay: ReplayVisitor
  readonly events: WalEvents
}) => Promise<Wal>

/** What a log is opened with. */
export type LogOptions = {
  /** The data directory. Snapshots are kept in `snapshots/` below it. */
  readonly directory: string
  readonly openWal: OpenWal
  /** Where snapshots are written. */
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  /** What differs from {@link defaultLogSettings}. */
  readonly settings?: Partial<LogSettings>
}
