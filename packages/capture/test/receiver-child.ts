/** A small program that publishes events without pause until it is killed, and says what it knows on standard output, one line each. */
import { writeSync } from 'node:fs'
import { systemRandom } from '@chronicle/base'
import { openPipeline, sessionA, sessionB } from './event-support.ts'

const directory = process.argv[2]!
const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`)
// Timers of the clock do not keep a process alive.
setInterval(() => undefined, 1_000)

const { pipeline } = await openPipeline({
  directory,
  shape: { windowMs: 200, latenessMs: 20 },
  // Bursts that do not fit go through the spill.
  limits: { queueEventsMax: 100 },
  consumer: async batch => say({ batch }),
})

for (;;) {
  const ids: string[] = []
  for (let at = 0; at < 300; at++) {
    const id = systemRandom.uuid()
    ids.push(id)
    const session_id = at % 3 === 0 ? sessionB : sessionA
    const timestamp = Date.now() - systemRandom.int(at % 10 === 0 ? 400 : 5)
    pipeline.receive({ event: { id, timestamp, session_id, event_type: 'note', data: { at } } })
  }
  await pipeline.flushed()
  say({ stored: ids })
}
