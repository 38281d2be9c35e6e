import type { Clock, Random } from '@chronicle/base'
import type { Logger, Registry } from '@chronicle/telemetry'
import type { ReplayVisitor, WalEvents } from './contract.ts'
import type { Disk } from './disk.ts'
import type { WalLimits } from './limits.ts'

/** What a log on a disk is opened with. */
export type DiskWalOptions = {
  /** Holds the log's files and nothing else; made where there is none. One process at a time: the caller sees to that. */
  readonly directory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly limits: WalLimits
  readonly events: WalEvents
  /**
   * Position of an entry: only entries from there on are replayed, their payloads verified. Files before it are checked by
   * header and continuity alone. Below the start of the log, replay begins at the start. Beyond its end the open is refused.
   */
  readonly replayFrom: number
  readonly onReplay: ReplayVisitor
  /** Runs `action` once what is ready to run now has run: `setImmediate`, unless a simulation schedules. */
  readonly defer?: (action: () => void) => void
}
