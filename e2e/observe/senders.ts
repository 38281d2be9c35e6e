/** Agents that send until they are told that it has arrived: over HTTP, to topics of Kafka, and to streams of NATS. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Delivery, topicOf } from '@chronicle/testing'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import kafkajs from 'kafkajs'

/** An agent gives up after this long; every fault of a test is over by then. */
const patienceMs = 60_000
const againMs = 50
/** What NATS has not acknowledged by then is published again. */
const publishMsMax = 1_000

export type Sender = {
  readonly name: string
  /** Resolves when all of it is acknowledged, however often it had to be sent. */
  send(deliveries: readonly Delivery[]): Promise<void>
  /** Whether the server has all that was sent. */
  isTaken(): Promise<boolean>
  close(): Promise<void>
}

/** Tries until it is done; says at the end what went wrong. */
async function persistently(what: string, attempt: () => Promise<unknown>): Promise<void> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      if (error instanceof Refused || Date.now() > giveUpAt)
        throw new Error(`${what}: not acknowledged`, { cause: error })
      await sleep(againMs)
    }
  }
}

/** An answer that will not be another one next time. */
class Refused extends Error {}

/** `POST /api/v1/events`: events together, and each of what is none by itself. */
export function httpSender(port: number): Sender {
  const url = `http://127.0.0.1:${port}/api/v1/events`
  const post = async (body: string | Uint8Array, expected: number): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: Buffer.from(body),
      signal: AbortSignal.timeout(15_000),
    })
    const text = await response.text()
    if (response.status === expected) return
    const error = `${response.status} ${text.slice(0, 300)}`
    throw [429, 500, 503, 507].includes(response.status) ? new Error(error) : new Refused(error)
  }
  return {
    name: 'HTTP',
    async send(deliveries) {
      const [texts, others] = [
        deliveries.filter(({ body }) => isJson(body)),
        deliveries.filter(({ body }) => !isJson(body)),
      ]
      const list = `[${texts.map(({ body }) => Buffer.from(body).toString()).join(',')}]`
      // What is no event is refused by itself; where there is nothing else, all of the request is.
      const accepted = texts.some(({ event }) => event !== undefined) ? 202 : 422
      if (texts.length > 0) await persistently('HTTP', () => post(list, accepted))
      for (const { body } of others) await persistently('HTTP', () => post(body, 400))
    },
    isTaken: async () => true,
    close: async () => undefined,
  }
}

export function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return true
  } catch {
    return false
  }
}

/** Records with acks=all in the topics of the swarm, made with two partitions where nobody has. */
export async function kafkaSender(bootstrap: string): Promise<Sender> {
  const retry = { initialRetryTime: 50, maxRetryTime: 300, retries: 3 }
  const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING, retry })
  const admin = kafka.admin()
  await admin.connect()
  const topics = ['swarm.task', 'swarm.agent', 'swarm.system', 'swarm.lifecycle', 'dlq']
  await admin.createTopics({ topics: topics.map(topic => ({ topic, numPartitions: 2 })) })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  return {
    name: 'Kafka',
    async send(deliveries) {
      const topicMessages = [...Map.groupBy(deliveries, ({ subject }) => topicOf(subject))].map(([topic, ofTopic]) => ({
        topic,
        messages: ofTopic.map(({ body, atMs }) => ({ value: Buffer.from(body), timestamp: String(atMs) })),
      }))
      await persistently('Kafka', () => producer.sendBatch({ acks: -1, topicMessages }))
    },
    isTaken: async () => true,
    close: () => producer.disconnect(),
  }
}

const streams = {
  TASK_EVENTS: ['swarm.task.>'],
  SYSTEM_EVENTS: ['swarm.agent.>', 'swarm.system.>', 'swarm.lifecycle.>'],
  DLQ: ['dlq.>'],
}

/** Messages on the subjects of the swarm, whose streams are made where they are not there, each acknowledged by JetStream. */
export async function natsSender(url: string): Promise<Sender> {
  const { host, username: user, password: pass } = new URL(url)
  const client = await connect({ servers: host, user, pass, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const manager = await jetstreamManager(client)
  // The server may not have been here yet; where it was, they are as they are.
  for (const [name, subjects] of Object.entries(streams)) await manager.streams.add({ name, subjects })
  const stream = jetstream(client, { timeout: publishMsMax })
  return {
    name: 'NATS',
    async send(deliveries) {
      const publish = ({ subject, body }: Delivery): Promise<void> =>
        persistently('NATS', () => stream.publish(subject, body))
      await Promise.all(deliveries.map(publish))
    },
    async isTaken() {
      const left = await Promise.all(
        Object.keys(streams).map(name => manager.consumers.info(name, `chronicle-${name}`)),
      )
      return left.every(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending === 0)
    },
    close: () => client.close(),
  }
}
