/** Sends ten events of a make-believe workshop to the topic `workshop` and prints where each one landed. */
import { Producer, stringSerializers } from '@platformatic/kafka'

const producer = new Producer({
  clientId: 'workshop-floor',
  bootstrapBrokers: [process.env.CHRONICLE_BOOTSTRAP ?? 'localhost:9092'],
  serializers: stringSerializers,
  autocreateTopics: true,
})

const tools = ['lathe', 'saw', 'drill']
for (let turn = 0; turn < 10; turn++) {
  const tool = tools[turn % tools.length] as string
  const value = JSON.stringify({ tool, event: 'turned', turn, at: new Date().toISOString() })
  const { offsets } = await producer.send({ acks: -1, messages: [{ topic: 'workshop', key: tool, value }] })
  // The answer came after the event was on the disk.
  for (const { topic, partition, offset } of offsets ?? [])
    console.log(`${topic}/${partition} offset ${offset}: ${value}`)
}
await producer.close()
