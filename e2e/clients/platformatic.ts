import {
  Admin,
  Consumer,
  type MessagesStream,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
} from '@platformatic/kafka'
import {
  type Client,
  type ClientRecord,
  compressions,
  type Driver,
  type Member,
  type ProduceOptions,
} from './client.ts'
import { Inbox } from './inbox.ts'

export const platformatic: Driver = {
  name: '@platformatic/kafka',
  missing: () => undefined,
  lacks: ['static members'],
  compressions: () => compressions,
  connect: async bootstrap => new PlatformaticClient(bootstrap),
}

const patienceMs = 30_000

class PlatformaticClient implements Client {
  readonly #options: { clientId: string; bootstrapBrokers: string[]; retries: number; retryDelay: number }
  readonly #admin: Admin
  readonly #producers = new Map<boolean, Producer>()

  constructor(bootstrap: string) {
    this.#options = { clientId: 'e2e', bootstrapBrokers: [bootstrap], retries: 20, retryDelay: 100 }
    this.#admin = new Admin(this.#options)
  }

  async createTopic(topic: string, partitions: number) {
    await this.#admin.createTopics({ topics: [topic], partitions, replicas: 1 })
  }

  deleteTopic = (topic: string) => this.#admin.deleteTopics({ topics: [topic] })
  topics = () => this.#admin.listTopics()

  async partitionCount(topic: string) {
    const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true })
    return topics.get(topic)!.partitionsCount
  }

  async groups() {
    return [...(await this.#admin.listGroups()).keys()]
  }

  async produce(topic: string, records: readonly ClientRecord[], { compression, idempotent }: ProduceOptions) {
    const messages = records.map(({ partition, key, value, headers, timestamp }) => ({
      topic,
      partition,
      key: key ?? undefined,
      value: value ?? undefined,
      headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes])),
      timestamp: BigInt(timestamp),
    }))
    await this.#producer(idempotent).send({ messages, compression, acks: -1 })
  }

  #producer(idempotent: boolean): Producer {
    const producer = this.#producers.get(idempotent) ?? new Producer({ ...this.#options, idempotent })
    this.#producers.set(idempotent, producer)
    return producer
  }

  async offsetForTimestamp(topic: string, partitionIndex: number, timestamp: number) {
    const partitions = [{ partitionIndex, timestamp: BigInt(timestamp) }]
    const [found] = await this.#admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return Number(found!.partitions[0]!.offset)
  }

  async join(groupId: string, topic: string): Promise<Member> {
    const consumer = new Consumer({
      ...this.#options,
      groupId,
      heartbeatInterval: 200,
      sessionTimeout: 6000,
      rebalanceTimeout: 6000,
    })
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: MessagesStreamFallbackModes.EARLIEST,
      autocommit: false,
      maxWaitTime: 200,
    })
    const inbox = fill(stream)
    return {
      poll: (count, withinMs) => inbox.take(count, withinMs),
      assignment: async () => consumer.assignments?.find(entry => entry.topic === topic)?.partitions ?? [],
      commit: () =>
        consumer.commit({
          offsets: [...inbox.positions].map(([partition, offset]) => ({
            topic,
            partition,
            offset: BigInt(offset),
            leaderEpoch: 0,
          })),
        }),
      leave: () => consumer.close(true),
    }
  }

  async readFrom(topic: string, partition: number, offset: number, count: number) {
    const consumer = new Consumer({ ...this.#options, groupId: `${topic}-seek-${offset}` })
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.MANUAL,
      offsets: [{ topic, partition, offset: BigInt(offset) }],
      autocommit: false,
      maxWaitTime: 200,
    })
    const records = await fill(stream).take(count, patienceMs)
    await consumer.close(true)
    return records
  }

  async close() {
    for (const producer of this.#producers.values()) await producer.close()
    await this.#admin.close()
  }
}

function fill(stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>): Inbox {
  const inbox = new Inbox()
  stream.on('data', message =>
    inbox.push({
      partition: message.partition,
      offset: Number(message.offset),
      key: message.key,
      value: message.value,
      headers: message.headerEntries.map(([name, value]) => [String(name), value]),
      timestamp: Number(message.timestamp),
    }),
  )
  return inbox
}
