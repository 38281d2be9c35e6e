/** Prints the tasks that end, as they do: Server-Sent Events of /api/v1/events/stream. Ctrl-C ends. A browser does the same with `new EventSource(url)`. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

const api = `${process.env.CHRONICLE_URL ?? 'http://127.0.0.1:8700'}/api/v1`
const { body } = await fetch(`${api}/events/stream?event_type=task.*`)
console.error('waiting for events of swarm.task')

// The events of Chronicle have their JSON on one line.
for await (const line of createInterface({ input: Readable.fromWeb(body!) })) {
  if (!line.startsWith('data: ')) continue
  const { event_type, trace_id, source } = JSON.parse(line.slice('data: '.length))
  if (/^task\.(completed|failed|timeout)$/.test(event_type)) console.log(`${trace_id}  ${event_type}  ${source}`)
}
