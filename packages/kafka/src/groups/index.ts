import type { Clock, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Logger, Registry } from '@chronicle/telemetry'
import type { Handler } from '../handler.ts'
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
  /** Answers what waits, cancels every timer. Nothing is changed: members go on after a restart. */
  stop(): Promise<void>
}

/** The coordinator of classic consumer groups, as handlers of the APIs 8–16, 42 and 47. */
export function createGroups(_options: GroupsOptions): Groups {
  return { handlers: [], stop: async () => undefined }
}
