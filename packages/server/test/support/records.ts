/** Topics and records that a test begins with, by a client in this process: a command takes most of a second of a processor to load one. */
import { Admin, Producer } from '@platformatic/kafka'

type Broker = { readonly bootstrap: string }

const optionsOf = ({ bootstrap }: Broker) => ({ clientId: 'test', bootstrapBrokers: [bootstrap], retries: 0 })

export async function createTopics(broker: Broker, partitions: number, ...topics: readonly string[]): Promise<void> {
  const admin = new Admin(optionsOf(broker))
  try {
    await admin.createTopics({ topics: [...topics], partitions, replicas: -1 })
  } finally {
    await admin.close()
  }
}

/** Resolves when all of `values` are acknowledged; they come in one batch. Makes the topic where there is none. */
export async function produce(broker: Broker, topic: string, values: readonly string[], partition = 0): Promise<void> {
  const options = { ...optionsOf(broker), retries: 5, retryDelay: 200 }
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({ ...options, autocreateTopics: true, acks: -1 })
  try {
    await producer.send({ messages: values.map(value => ({ topic, partition, value: Buffer.from(value) })) })
  } finally {
    await producer.close()
  }
}
