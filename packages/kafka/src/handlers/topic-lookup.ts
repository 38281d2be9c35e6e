import type { Log, Partition, Topic } from '@chronicle/log'
import { uuidFromKafka, uuidToKafka, zeroUuid } from '../uuid.ts'

/** Ids whose other form is remembered. */
const idsMax = 10_000

/** Finds topics as requests name them: by name, or from some version on by id. */
export class TopicLookup {
  readonly #log: Log
  readonly #standardForms = new Map<string, string>()
  readonly #kafkaForms = new Map<string, string>()

  constructor(log: Log) {
    this.#log = log
  }

  /** By name where `name` is not empty, else by id in Kafka's form. */
  find(name: string, kafkaId: string): Topic | undefined {
    if (name !== '' || kafkaId === zeroUuid) return this.#log.topic(name)
    return this.byId(kafkaId)
  }

  byId(kafkaId: string): Topic | undefined {
    let id = this.#standardForms.get(kafkaId)
    if (id === undefined) {
      id = uuidFromKafka(kafkaId) ?? kafkaId
      remember(this.#standardForms, kafkaId, id)
    }
    return this.#log.topicById(id)
  }

  partition(name: string, kafkaId: string, index: number): Partition | undefined {
    return this.find(name, kafkaId)?.partitions[index]
  }

  /** The id of a topic in Kafka's form. */
  idOf(topic: { readonly id: string }): string {
    let id = this.#kafkaForms.get(topic.id)
    if (id === undefined) {
      id = uuidToKafka(topic.id) ?? topic.id
      remember(this.#kafkaForms, topic.id, id)
    }
    return id
  }
}

function remember(forms: Map<string, string>, from: string, to: string): void {
  if (forms.size >= idsMax) forms.clear()
  forms.set(from, to)
}
