import type { Clock, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Logger, Registry } from '@chronicle/telemetry'
import type { Handler } from '../handler.ts'
import { Coordinator } from './coordinator.ts'
import { adminHandlers } from './handlers/admin.ts'
import { findCoordinatorHandler } from './handlers/find-coordinator.ts'
import { membershipHandlers } from './handlers/membership.ts'
import { offsetCommitHandler } from './handlers/offset-commit.ts'
import { offsetDeleteHandler } from './handlers/offset-delete.ts'
import { offsetFetchHandler } from './handlers/offset-fetch.ts'
import { GroupMetrics } from './metrics.ts'
import { OffsetRetention } from './retention.ts'
import type { GroupSettings } from './settings.ts'

export { defaultGroupSettings, type GroupSettings } from './settings.ts'

export type GroupsOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly settings: GroupSettings
  /** Where clients reach this broker, which coordinates every group. */
  readonly coordinator: () => { nodeId: number; host: string; port: number }
}

export type Groups = {
  readonly handlers: Handler[]
  /** Answers what waits, cancels every timer, waits for writes under way. Members go on after a restart. */
  stop(): Promise<void>
}

/** The coordinator of classic consumer groups, as handlers of the APIs 8–16, 42 and 47. Groups that the log holds go on. */
export function createGroups(options: GroupsOptions): Groups {
  const metrics = new GroupMetrics(options.registry)
  const coordinator = new Coordinator({ ...options, metrics })
  metrics.groups = () => coordinator.groups()
  const retention = new OffsetRetention(coordinator, metrics)
  const sweeps = options.clock.every(options.settings.offsetsRetentionCheckIntervalMs, () => void retention.sweep())
  return {
    handlers: [
      findCoordinatorHandler(options.coordinator),
      ...membershipHandlers(coordinator),
      offsetCommitHandler(coordinator, metrics),
      offsetFetchHandler(coordinator),
      offsetDeleteHandler(coordinator),
      ...adminHandlers(coordinator),
    ],
    async stop() {
      sweeps.cancel()
      await Promise.all([retention.stop(), coordinator.stop()])
    },
  }
}
