/** The life of a task on the subjects `swarm.task.…` of NATS, from where Chronicle takes it, and the trace that comes of it. Start Chronicle with NATS_URL. */
import { setTimeout } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const api = `${process.env.CHRONICLE_URL ?? 'http://127.0.0.1:8700'}/api/v1`
const trace = `nats-${process.pid}`
const events = [
  { event_type: 'task.created', source: 'dispatch', metadata: { title: 'Tune the piano', owner: 'ada' } },
  { event_type: 'task.assigned', source: 'dispatch', metadata: { agent: 'tuner' } },
  { event_type: 'task.started', source: 'tuner' },
  { event_type: 'task.completed', source: 'tuner' },
]

const connection = await connect({ servers: process.env.NATS_URL ?? 'nats://127.0.0.1:4222' })
const stream = jetstream(connection)
for (const event of events) {
  const subject = `swarm.${event.event_type}`
  const message = JSON.stringify({ trace_id: trace, timestamp: new Date().toISOString(), ...event })
  // Acknowledged by the stream TASK_EVENTS, which Chronicle makes when it is not there.
  const { stream: name, seq } = await stream.publish(subject, message)
  console.log(`${name}/${seq}  ${subject}`)
}
await connection.drain()

// The tables have them within the flush interval, 5 seconds unless BATCH_FLUSH_INTERVAL_MS says otherwise.
let row = await traceRow()
for (let tries = 1; !row.completed_at && tries < 60; tries++) {
  await setTimeout(1000)
  row = await traceRow()
}
const { status, assigned_agent, span_count } = row
console.log(`${trace}: ${status} by ${assigned_agent} after ${span_count} events`)

/** The row of the trace; empty while the tables do not have it. */
async function traceRow(): Promise<Record<string, string | number | null>> {
  const response = await fetch(`${api}/traces/${trace}`)
  return response.ok ? ((await response.json()) as Record<string, string | number | null>) : {}
}
