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

/** Under these groups the usual tools see how far each side is. */
export const storeGroup = 'chronicle-capture'
export const analysisGroup = 'chronicle-capture-analysis'

const connectMsMax = 5_000
const requestMsMax = 30_000

export function clientOptions({ bootstrap }: TopicBusOptions): BaseOptions {
  return {
    clientId: storeGroup,
    bootstrapBrokers: bootstrap.split(','),
    connectTimeout: connectMsMax,
    requestTimeout: requestMsMax,
    // Whoever asks tries again by itself, after a pause.
    retries: 0,
    autocreateTopics: false,
  }
}
