import type { Bus } from './contract.ts'
import type { TopicBusOptions } from './topic-options.ts'

/** The client library is loaded here: who has no need of topics does not carry it. Nothing is connected before something is published or subscribed. */
export async function openTopicBus(options: TopicBusOptions): Promise<Bus> {
  const { TopicBus } = await import('./topic-bus.ts')
  return new TopicBus(options)
}
