/** Writes three greetings with kafkajs and reads them back in a group of its own. */
import { Kafka, logLevel } from 'kafkajs'

const kafka = new Kafka({
  clientId: 'greeter',
  brokers: [process.env.CHRONICLE_BOOTSTRAP ?? 'localhost:9092'],
  logLevel: logLevel.ERROR,
})
const greetings = ['hello', 'bonjour', 'こんにちは']

const producer = kafka.producer({ idempotent: true })
await producer.connect()
await producer.send({ topic: 'greetings', messages: greetings.map(value => ({ key: 'all', value })) })
await producer.disconnect()

const consumer = kafka.consumer({ groupId: `readers-${process.pid}` })
await consumer.connect()
await consumer.subscribe({ topic: 'greetings', fromBeginning: true })
const { promise: readAll, resolve } = Promise.withResolvers<void>()
let unread = greetings.length
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    console.log(`${partition}/${message.offset} ${message.key}: ${message.value}`)
    if (--unread === 0) resolve()
  },
})
await readAll
await consumer.disconnect()
