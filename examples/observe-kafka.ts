/** The life of a task as records of the topic `swarm.task`, which observe reads as they are, and the trace that comes of them. */
import { setTimeout } from 'node:timers/promises'
import { Producer, stringSerializers } from '@platformatic/kafka'

const api = `${process.env.CHRONICLE_URL ?? 'http://127.0.0.1:8700'}/api/v1`
const trace = `kafka-${process.pid}`
const events = [
  { event_type: 'task.created', source: 'dispatch', metadata: { title: 'Sort the mail', owner: 'ada' } },
  { event_type: 'task.assigned', source: 'dispatch', metadata: { agent: 'porter' } },
  { event_type: 'task.started', source: 'porter' },
  { event_type: 'task.failed', source: 'porter', metadata: { error: 'no stamps left' } },
]

const producer = new Producer({
  clientId: 'swarm',
  bootstrapBrokers: [process.env.CHRONICLE_BOOTSTRAP ?? 'localhost:9092'],
  serializers: stringSerializers,
  autocreateTopics: true,
})
// Acknowledged is durable. The key keeps a trace in one partition, and with it in order.
const messages = events.map(event => ({
  topic: 'swarm.task',
  key: trace,
  value: JSON.stringify({ trace_id: trace, timestamp: new Date().toISOString(), ...event }),
}))
await producer.send({ acks: -1, messages })
await producer.close()

// The tables have them within the flush interval, 5 seconds unless BATCH_FLUSH_INTERVAL_MS says otherwise.
let row = await traceRow()
for (let tries = 1; !row.completed_at && tries < 60; tries++) {
  await setTimeout(1000)
  row = await traceRow()
}
const { status, assigned_agent, error, span_count } = row
console.log(`${trace}: ${status} by ${assigned_agent} after ${span_count} events: ${error}`)

/** The row of the trace; empty while the tables do not have it. */
async function traceRow(): Promise<Record<string, string | number | null>> {
  const response = await fetch(`${api}/traces/${trace}`)
  return response.ok ? ((await response.json()) as Record<string, string | number | null>) : {}
}
