import type { Clock, Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import type { BaseOptions } from '@platformatic/kafka'

export type TopicBusOptions = {
  /** `host:port`, several with commas between them. */
  readonly bootstrap: string
  readonly topics: TopicNames
  readonly random: Random
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: TopicBusLimits
}

export type TopicBusLimits = {
  /** Published, and not acknowledged by the broker. */
  readonly waitingEventsMax: number
  readonly waitingBytesMax: number
}

/** `keys`: where the store tells the keys that screenshots are sealed for. Who may write there may have screenshots sealed for himself. */
export type TopicNames = { readonly events: string; readonly batches: string; readonly keys: string }

export const topicNames: TopicNames = { events: 'raw-events', batches: 'event-batches', keys: 'screenshot-keys' }

export const topicBusLimits: TopicBusLimits = { waitingEventsMax: 100_000, waitingBytesMax: 128 * 1024 * 1024 }

const clientId = 'chronicle-capture'

/** Under this group the usual tools see how far the analysis is. */
export const analysisGroup = 'chronicle-capture-analysis'
/** Who takes the place of an analysis that died waits for so long, at most. */
export const analysisSession = { sessionTimeout: 10_000, rebalanceTimeout: 10_000, heartbeatInterval: 2_000 }

/**
 * A group that nobody else is in, for who keeps its position itself: it gets every record, whoever else reads, and does not wait until one that was killed is given up. The client
 * cannot read without a group.
 */
export function ownGroup({ random }: TopicBusOptions): string {
  return `${clientId}-${random.uuid()}`
}

const connectMsMax = 5_000
const requestMsMax = 30_000

export function clientOptions({ bootstrap }: TopicBusOptions): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: bootstrap.split(','),
    connectTimeout: connectMsMax,
    requestTimeout: requestMsMax,
    // Whoever asks tries again by itself, after a pause.
    retries: 0,
    autocreateTopics: false,
  }
}
