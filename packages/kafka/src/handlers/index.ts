import type { Random } from '@chronicle/base'
import type { Handler } from '../handler.ts'
import { apiVersionsHandler } from './api-versions.ts'
import { createPartitionsHandler } from './create-partitions.ts'
import { createTopicsHandler } from './create-topics.ts'
import { deleteRecordsHandler } from './delete-records.ts'
import { deleteTopicsHandler } from './delete-topics.ts'
import { describeClusterHandler } from './describe-cluster.ts'
import { describeConfigsHandler } from './describe-configs.ts'
import { describeLogDirsHandler } from './describe-log-dirs.ts'
import { describeTopicPartitionsHandler } from './describe-topic-partitions.ts'
import { fetchHandler } from './fetch.ts'
import { incrementalAlterConfigsHandler } from './incremental-alter-configs.ts'
import { initProducerIdHandler } from './init-producer-id.ts'
import { listOffsetsHandler } from './list-offsets.ts'
import { metadataHandler } from './metadata.ts'
import { offsetForLeaderEpochHandler } from './offset-for-leader-epoch.ts'
import type { HandlerOptions } from './options.ts'
import { produceHandler } from './produce.ts'
import { TopicLookup } from './topic-lookup.ts'

export type { HandlerOptions, NodeAddress } from './options.ts'

export type Handlers = {
  readonly handlers: readonly Handler[]
  /** Answers what waits. */
  stop(): void
}

/** A handler for each API that is served: these, those of `others`, and ApiVersions, which lists them all. */
export function createHandlers(options: HandlerOptions, random: Random, others: readonly Handler[]): Handlers {
  const { log } = options
  const lookup = new TopicLookup(log)
  const produce = produceHandler(options, lookup)
  const fetch = fetchHandler(options, lookup, random)
  const handlers: Handler[] = [
    produce.handler,
    fetch.handler,
    listOffsetsHandler(log),
    metadataHandler(options, lookup),
    createTopicsHandler(options, lookup),
    deleteTopicsHandler(log, lookup),
    deleteRecordsHandler(log),
    initProducerIdHandler(log),
    offsetForLeaderEpochHandler(log),
    describeConfigsHandler(options),
    createPartitionsHandler(options),
    incrementalAlterConfigsHandler(log),
    describeClusterHandler(options),
    describeTopicPartitionsHandler(options, lookup),
    describeLogDirsHandler(log),
    ...others,
  ]
  const stop = (): void => {
    fetch.stop()
    produce.stop()
  }
  return { handlers: [...handlers, apiVersionsHandler(handlers.map(({ api }) => api))], stop }
}
