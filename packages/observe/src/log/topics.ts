import { type Log, logErrors } from '@chronicle/log'

/** What HTTP, OTLP and NATS bring: one event a record, normalised, with its trace as key. */
export const eventsTopic = 'swarm.events'

/** What could not be taken: one dead letter a record (`dead-letters/letter.ts` draws it). */
export const deadLettersTopic = 'swarm.dead-letters'

/** The topic of the swarm's own dead letters: they are stored, and marked so. */
export const swarmDeadLettersTopic = 'dlq'

/** Producers write straight into these. They are made by whoever uses them first, and read from then on. */
export const kafkaTopics: readonly string[] = [
  'swarm.task',
  'swarm.agent',
  'swarm.system',
  'swarm.lifecycle',
  swarmDeadLettersTopic,
]

/** Every topic that events are read from. */
export const projectedTopics: readonly string[] = [eventsTopic, ...kafkaTopics]

const mebibyte = 1024 * 1024

/** The largest event, as the JSON that the log holds. */
export const eventBytesMax = mebibyte

/** The largest record batch of these topics: an event or a dead letter of any accepted size has room in it. */
export const batchBytesMax = 4 * mebibyte

/**
 * Makes the topics that observe writes, with one partition each, or brings the settings of those that are there up to date. Resolves once they are durable;
 * rejects as the log does.
 */
export async function makeTopics(log: Log, { retentionMs }: { readonly retentionMs: number }): Promise<void> {
  const configs = { 'retention.ms': String(retentionMs), 'max.message.bytes': String(batchBytesMax) }
  for (const name of [eventsTopic, deadLettersTopic]) await makeTopic(log, name, configs)
}

async function makeTopic(log: Log, name: string, configs: Record<string, string>): Promise<void> {
  const made = log.topic(name) ?? (await createTopic(log, name, configs))
  const isCurrent = Object.entries(configs).every(([config, value]) => made.configs[config] === value)
  if (!isCurrent) await log.setTopicConfigs(name, { ...made.configs, ...configs })
}

async function createTopic(log: Log, name: string, configs: Record<string, string>) {
  try {
    return await log.createTopic({ name, partitions: 1, configs })
  } catch (error) {
    // A client of Kafka was first.
    const existing = log.topic(name)
    if (!logErrors.is(error) || error.code !== 'log.topic-exists' || existing === undefined) throw error
    return existing
  }
}
