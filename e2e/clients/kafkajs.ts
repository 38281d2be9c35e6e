import kafkajs, { type Admin, type Consumer, type IHeaders, type Kafka, type Producer } from 'kafkajs'
import { type Client, type ClientRecord, compressions, type Driver, type Member } from './client.ts'
import { Inbox } from './inbox.ts'
import { plugCodecs } from './kafkajs-codecs.ts'

export const kafkaJs: Driver = {
  name: 'kafkajs',
  missing: () => undefined,
  lacks: ['static members'],
  compressions: () => compressions,
  async connect(bootstrap) {
    plugCodecs()
    const retry = { initialRetryTime: 50, maxRetryTime: 500, retries: 20 }
    const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING, retry })
    const admin = kafka.admin()
    await admin.connect()
    return new KafkaJsClient(kafka, admin)
  },
}

const patienceMs = 30_000
const codecs = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

class KafkaJsClient implements Client {
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #producers = new Map<boolean, Producer>()

  constructor(kafka: Kafka, admin: Admin) {
    this.#kafka = kafka
    this.#admin = admin
  }

  async createTopic(topic: string, partitions: number) {
    const created = await this.#admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
    if (!created) throw new Error(`topic ${topic} exists`)
  }

  deleteTopic = (topic: string) => this.#admin.deleteTopics({ topics: [topic] })
  topics = () => this.#admin.listTopics()

  async partitionCount(topic: string) {
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]!.partitions.length
  }

  async groups() {
    const { groups } = await this.#admin.listGroups()
    return groups.map(({ groupId }) => groupId)
  }

  async produce(topic: string, records: readonly ClientRecord[], options: Parameters<Client['produce']>[2]) {
    const producer = await this.#producer(options.idempotent)
    const messages = records.map(record => ({
      ...record,
      headers: headersOf(record),
      timestamp: String(record.timestamp),
    }))
    await producer.send({ topic, messages, acks: -1, compression: codecs[options.compression] })
  }

  async #producer(idempotent: boolean): Promise<Producer> {
    const known = this.#producers.get(idempotent)
    if (known) return known
    const producer = this.#kafka.producer({ idempotent, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    this.#producers.set(idempotent, producer)
    await producer.connect()
    return producer
  }

  async offsetForTimestamp(topic: string, partition: number, timestamp: number) {
    const offsets = await this.#admin.fetchTopicOffsetsByTimestamp(topic, timestamp)
    return Number(offsets.find(entry => entry.partition === partition)!.offset)
  }

  async join(groupId: string, topic: string): Promise<Member> {
    const consumer = this.#kafka.consumer({
      groupId,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 200,
      rebalanceTimeout: 5000,
    })
    const inbox = new Inbox()
    let assigned: number[] = []
    consumer.on('consumer.group_join', ({ payload }) => {
      assigned = payload.memberAssignment[topic] ?? []
    })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await run(consumer, inbox)
    return {
      poll: (count, withinMs) => inbox.take(count, withinMs),
      assignment: async () => assigned,
      commit: () =>
        consumer.commitOffsets(
          [...inbox.positions].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
        ),
      leave: () => consumer.disconnect(),
    }
  }

  async readFrom(topic: string, partition: number, offset: number, count: number) {
    const consumer = this.#kafka.consumer({ groupId: `${topic}-seek-${offset}`, maxWaitTimeInMs: 200 })
    const inbox = new Inbox()
    await consumer.connect()
    await consumer.subscribe({ topic })
    await run(consumer, inbox)
    consumer.seek({ topic, partition, offset: String(offset) })
    const records = await inbox.take(count, patienceMs)
    await consumer.disconnect()
    return records
  }

  async close() {
    for (const producer of this.#producers.values()) await producer.disconnect()
    await this.#admin.disconnect()
  }
}

function headersOf({ headers }: ClientRecord): IHeaders {
  return Object.fromEntries(headers.map(([name, value]) => [name, value]))
}

function run(consumer: Consumer, inbox: Inbox): Promise<void> {
  return consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) =>
      inbox.push({
        partition,
        offset: Number(message.offset),
        key: message.key,
        value: message.value,
        headers: Object.entries(message.headers ?? {}).map(([name, value]) => [name, Buffer.from(value as Buffer)]),
        timestamp: Number(message.timestamp),
      }),
  })
}
