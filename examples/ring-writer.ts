/**
 * A recorder: writes events into the packer's ring, each record a whole Arrow IPC stream. `npx node examples/ring-writer.ts [RING]`
 *
 * The packer makes the ring at its start; where there is none yet, this makes it.
 */
import { randomUUID } from 'node:crypto'
import { openRingWriter } from '@chronicle/packer'
import { Int64, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow'

type Event = { type: string; app: string | null; title: string | null; data: object }

const session = randomUUID()

function recordOf(events: readonly Event[]): Uint8Array {
  const now = BigInt(Date.now()) * 1_000_000n
  const text = (values: readonly (string | null)[]) => vectorFromArray(values, new Utf8())
  const columns = {
    timestamp_ns: vectorFromArray(
      events.map((_, at) => now + BigInt(at)),
      new Int64(),
    ),
    event_type: text(events.map(event => event.type)),
    app_bundle_id: text(events.map(event => event.app)),
    window_title: text(events.map(event => event.title)),
    data: text(events.map(event => JSON.stringify(event.data))),
    session_id: text(events.map(() => session)),
    event_id: text(events.map(() => randomUUID())),
  }
  return tableToIPC(new Table(columns), 'stream')
}

const writer = await openRingWriter({ path: process.argv[2] ?? '/tmp/chronicle_ring_buffer' })
const record = recordOf([
  { type: 'app', app: 'org.example.editor', title: null, data: { state: 'active' } },
  { type: 'key', app: 'org.example.editor', title: 'notes.txt', data: { code: 'KeyC' } },
])
const isWritten = await writer.write('events', record)
console.log(isWritten ? '2 events are in the ring' : 'the ring was full: the record is lost, and counted as that')
writer.close()
