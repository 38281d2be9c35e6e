import { systemClock, systemRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import type { Bus } from './contract.ts'
import { type TopicBusOptions, topicBusLimits, topicNames } from './topic-options.ts'

const usual: TopicBusOptions = {
  bootstrap: '127.0.0.1:9092',
  topics: topicNames,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  limits: topicBusLimits,
}

/** The client library is loaded here: who has no need of topics does not carry it. Nothing is connected before something is published or subscribed. */
export async function openTopicBus(options: Partial<TopicBusOptions> = {}): Promise<Bus> {
  const { TopicBus } = await import('./topic-bus.ts')
  return new TopicBus({ ...usual, ...options })
}
