/** Reads the topic `workshop` from its beginning, or from where the group left off, until it is interrupted. */
import { Consumer, stringDeserializers } from '@platformatic/kafka'

const consumer = new Consumer({
  clientId: 'workshop-office',
  groupId: 'office',
  bootstrapBrokers: [process.env.CHRONICLE_BOOTSTRAP ?? 'localhost:9092'],
  deserializers: stringDeserializers,
  autocreateTopics: true,
})

const stream = await consumer.consume({
  topics: ['workshop'],
  mode: 'committed',
  fallbackMode: 'earliest',
  autocommit: true,
})
process.once('SIGINT', () => void stream.close())
console.log('reading; press Ctrl+C to stop')
for await (const { partition, offset, key, value } of stream) console.log(`${partition}/${offset} ${key}: ${value}`)
await consumer.close()
