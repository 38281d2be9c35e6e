import type { Log, Topic } from '@chronicle/log'

/** Creates topics on behalf of clients that merely ask for them; who asks meanwhile gets the same creation. */
export class TopicCreator {
  readonly #log: Log
  readonly #partitions: number
  readonly #creating = new Map<string, Promise<Topic>>()

  constructor(log: Log, defaultPartitions: number) {
    this.#log = log
    this.#partitions = defaultPartitions
  }

  /** The topic `name`, made now if there is none. Rejects as `Log.createTopic` does. */
  findOrCreate(name: string): Topic | Promise<Topic> {
    const existing = this.#creating.get(name) ?? this.#log.topic(name)
    if (existing !== undefined) return existing
    const creating = this.#create(name).finally(() => this.#creating.delete(name))
    this.#creating.set(name, creating)
    return creating
  }

  async #create(name: string): Promise<Topic> {
    try {
      return await this.#log.createTopic({ name, partitions: this.#partitions })
    } catch (error) {
      // Somebody else made it with CreateTopics.
      const topic = this.#log.topic(name)
      if (topic !== undefined) return topic
      throw error
    }
  }
}
