/** Commands that change topics. They run one after another: each is validated against the state that the one before it left. */
import type { Random } from '@chronicle/base'
import type { Topic } from './contract.ts'
import { logErrors } from './errors.ts'
import type { LogState } from './log-state.ts'
import type { MetadataEntry } from './metadata/entries.ts'
import type { LogSettings } from './settings.ts'
import { checkConfigs } from './topic-configs.ts'
import { checkTopicName } from './topic-names.ts'

/** Commands that may wait for their turn. */
const commandsWaitingMax = 1000

export type NewTopic = {
  readonly name: string
  readonly partitions: number
  readonly configs?: Readonly<Record<string, string>>
}

export class TopicCommands {
  readonly #state: LogState
  readonly #random: Random
  readonly #settings: LogSettings
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(state: LogState, random: Random, settings: LogSettings) {
    this.#state = state
    this.#random = random
    this.#settings = settings
  }

  check({ name, partitions, configs = {} }: NewTopic): void {
    const { state } = this.#state.journal
    if (state.topics.has(name)) throw logErrors.create('log.topic-exists', { topic: name })
    checkTopicName(name, form => state.nameForms.get(form))
    this.#checkPartitions(name, partitions, partitions)
    checkConfigs(configs)
  }

  create(topic: NewTopic): Promise<Topic> {
    return this.#inTurn(async () => {
      this.check(topic)
      const { name, partitions, configs = {} } = topic
      const topicId = this.#random.uuid()
      await this.#append({
        type: 'topic-created',
        name,
        topicId,
        streams: this.#newStreams(partitions),
        configs: { ...configs },
      })
      return this.#existing(name)
    })
  }

  delete(name: string): Promise<void> {
    return this.#inTurn(() => this.#append({ type: 'topic-deleted', topicId: this.#existing(name).id }))
  }

  addPartitions(name: string, total: number): Promise<Topic> {
    return this.#inTurn(async () => {
      const topic = this.#existing(name)
      const added = total - topic.partitions.length
      this.#checkPartitions(name, total, added)
      await this.#append({ type: 'partitions-added', topicId: topic.id, streams: this.#newStreams(added) })
      return this.#existing(name)
    })
  }

  setConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    return this.#inTurn(() => {
      checkConfigs(configs)
      return this.#append({ type: 'topic-configs-set', topicId: this.#existing(name).id, configs: { ...configs } })
    })
  }

  #append(entry: MetadataEntry): Promise<void> {
    return this.#state.journal.append(entry)
  }

  #existing(name: string): Topic {
    const topic = this.#state.topic(name)
    if (!topic) throw logErrors.create('log.unknown-topic', { topic: name.slice(0, 300) })
    return topic
  }

  #newStreams(count: number): number[] {
    const first = this.#state.journal.state.nextStream
    return Array.from({ length: count }, (_, n) => first + n)
  }

  #checkPartitions(topic: string, total: number, added: number): void {
    const { partitionsMax } = this.#settings
    if (!Number.isInteger(total) || total < 1) {
      throw logErrors.create('log.invalid-partitions', {
        topic,
        partitions: total,
        accepted: 'a whole number of at least 1',
      })
    }
    if (added < 1) {
      throw logErrors.create('log.invalid-partitions', {
        topic,
        partitions: total,
        accepted: `more than the ${total - added} there are`,
      })
    }
    if (this.#state.partitionCount + added > partitionsMax) {
      throw logErrors.create('log.limit', {
        topic,
        limit: 'partitionsMax',
        value: this.#state.partitionCount + added,
        accepted: partitionsMax,
      })
    }
  }

  async #inTurn<T>(command: () => Promise<T>): Promise<T> {
    if (this.#waiting >= commandsWaitingMax)
      throw logErrors.create('log.limit', { limit: 'commandsWaitingMax', accepted: commandsWaitingMax })
    this.#waiting++
    const turn = this.#last.then(command)
    // The next command runs whatever became of this one; its caller hears of that.
    this.#last = turn.then(
      () => this.#waiting--,
      () => this.#waiting--,
    )
    return turn
  }
}
