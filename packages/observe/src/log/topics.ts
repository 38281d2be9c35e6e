import { type Log, logErrors, type Partition } from '@chronicle/log'
import { observeErrors } from '../errors.ts'

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

/** The largest record batch of these topics: an event or a dead letter of any accepted size has room in it. */
export const batchBytesMax = 4 * mebibyte

export type OwnTopicsOptions = {
  readonly log: Log
  readonly retentionMs: number
  /** Called when a topic was made. */
  readonly onMade: () => void
}

/**
 * The topics that observe writes itself. Each is made when something is written to it for the first time: a server without events has none of them. One that
 * somebody deleted is made again.
 */
export class OwnTopics {
  readonly #options: OwnTopicsOptions

  constructor(options: OwnTopicsOptions) {
    this.#options = options
  }

  /** Brings the settings of those that are there up to date. Resolves once that is durable; rejects as the log does. */
  async update(): Promise<void> {
    const { log } = this.#options
    for (const name of [eventsTopic, deadLettersTopic]) {
      const configs = log.topic(name)?.configs
      if (configs === undefined) continue
      const isCurrent = Object.entries(this.#configs).every(([config, value]) => configs[config] === value)
      if (!isCurrent) await log.setTopicConfigs(name, { ...configs, ...this.#configs })
    }
  }

  /** The one partition of a topic, undefined while there is none. */
  find(name: string): Partition | undefined {
    return this.#options.log.partition(name, 0)
  }

  /** The one partition of a topic, which is made if it is not there. Rejects as the log does. */
  async partition(name: string): Promise<Partition> {
    const { log, onMade } = this.#options
    const there = this.find(name)
    if (there !== undefined) return there
    try {
      await log.createTopic({ name, partitions: 1, configs: this.#configs })
    } catch (error) {
      // Another event, or a client of Kafka, was first.
      if (!logErrors.is(error) || error.code !== 'log.topic-exists') throw error
    }
    const made = this.find(name)
    if (made === undefined) throw observeErrors.create('observe.topic-missing', { topic: name })
    onMade()
    return made
  }

  get #configs(): Record<string, string> {
    return { 'retention.ms': String(this.#options.retentionMs), 'max.message.bytes': String(batchBytesMax) }
  }
}
