export type { BatchTaker, Bus, EventSink, Subscription } from './contract.ts'
export { InProcessBus } from './in-process-bus.ts'
export { openTopicBus } from './open-topic-bus.ts'
export {
  type TopicBusLimits,
  type TopicBusOptions,
  type TopicNames,
  topicBusLimits,
  topicNames,
} from './topic-options.ts'
