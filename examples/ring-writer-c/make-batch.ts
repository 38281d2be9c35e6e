/** Writes events_batch.h: three events as one Arrow IPC stream, in the form that the packer takes; writer.c fills their times in. Run it with `node make-batch.ts > events_batch.h`. */
import {
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'

const startNs = 1_790_000_000_000_000_000n
const events = [
  { type: 'app', data: '{"state":"active"}' },
  { type: 'key', data: '{"code":"KeyC"}' },
  { type: 'mouse', data: '{"x":640,"y":400}' },
]

const text = (name: string, values: readonly (string | null)[]) => ({
  field: new Field(name, new Utf8(), values.includes(null)),
  vector: vectorFromArray(values, new Utf8()),
})
const columns = [
  {
    field: new Field('timestamp_ns', new Int64(), false),
    vector: vectorFromArray(
      events.map((_, row) => startNs + BigInt(row) * 1_000_000n),
      new Int64(),
    ),
  },
  text(
    'event_type',
    events.map(event => event.type),
  ),
  {
    ...text(
      'app_bundle_id',
      events.map(() => 'org.example.editor'),
    ),
    field: new Field('app_bundle_id', new Utf8(), true),
  },
  text('window_title', [null, 'notes.txt', 'notes.txt']),
  text(
    'data',
    events.map(event => event.data),
  ),
  text(
    'session_id',
    events.map(() => 'example-session'),
  ),
  text(
    'event_id',
    events.map((_, row) => `example-event-${row + 1}`),
  ),
]

const schema = new Schema(columns.map(column => column.field))
const children = columns.map(column => column.vector.data[0]!)
const batch = new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: events.length, children }))
const bytes = tableToIPC(new Table(schema, [batch]), 'stream')

const firstTime = Buffer.alloc(8)
firstTime.writeBigInt64LE(startNs)

const lines = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, line) =>
  Array.from(bytes.subarray(line * 16, line * 16 + 16), byte => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
)
console.log(`/* Made by make-batch.ts: three events as one Arrow IPC stream. Their times, 8 bytes each, little-endian, stand one after the other. */
enum { events_batch_events = ${events.length}, events_batch_times_at = ${Buffer.from(bytes).indexOf(firstTime)} };
static uint8_t events_batch[${bytes.length}] = {
    ${lines.join(',\n    ')}};`)
