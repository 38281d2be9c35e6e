import type { Clock } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Logger } from '@chronicle/telemetry'
import type { BrokerLimits } from '../limits.ts'

/** What the handlers of a broker work with. */
export type HandlerOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: BrokerLimits
  readonly node: NodeAddress
  readonly autoCreateTopics: boolean
  readonly defaultPartitions: number
}

/** This broker as its clients see it: the only one, and so the leader of everything. */
export type NodeAddress = { readonly nodeId: number; readonly host: string; readonly port: number }
