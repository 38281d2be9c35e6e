import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import type { RefusedEvent, SwarmEvent } from '../../src/contract.ts'
import { eventFromJson, eventToJson } from '../../src/event/codec.ts'
import { normalise } from '../../src/event/normalise.ts'
import { textFromMicros } from '../../src/event/timestamp.ts'

const receivedMicros = Date.UTC(2026, 10, 20, 12) * 1000
const context = { receivedMicros, eventId: () => '11111111-1111-5111-8111-111111111111' }

/** Any UTF-16 units, halves of pairs and U+0000 among them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('\0', '\ud800', 'a\udfff', '￿', '\u2028'),
)
const anyNumber = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.constantFrom(Number.MAX_VALUE, 5e-324, -0, 2 ** 53))
const anyJson = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    anyText,
    anyNumber,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
})).value
const sometimes = <T>(good: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: good, weight: 6 }, { arbitrary: anyJson, weight: 1 })
const almostEvent = fc.record(
  {
    event_id: sometimes(fc.uuid()),
    trace_id: sometimes(fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' })),
    source: sometimes(fc.string({ maxLength: 80 })),
    event_type: sometimes(fc.constantFrom('task.created', 'agent.heartbeat', 'other')),
    timestamp: sometimes(fc.integer({ min: 0, max: receivedMicros }).map(textFromMicros)),
    metadata: sometimes(fc.dictionary(fc.string(), anyJson, { maxKeys: 5 })),
  },
  { requiredKeys: [] },
)

/** Of a record: its producer says when it was written. */
const anyTime = fc.oneof(
  fc.constant(receivedMicros),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map(Number),
)

function check(result: SwarmEvent | RefusedEvent): void {
  if ('reason' in result) {
    assert.match(result.detail, /^[\x20-\x7e]+$/)
    return
  }
  const again = eventFromJson(eventToJson(result), { receivedMicros: result.timestampMicros, eventId: assert.fail })
  assert.ok('eventId' in again)
  // JSON knows no -0.
  assert.equal(eventToJson(again), eventToJson(result))
}

test('OE1: any JSON becomes an event or a refusal, and an event stays what it is when it is read again', () => {
  fc.assert(
    fc.property(fc.oneof(anyJson, almostEvent), anyTime, (value, receivedMicros) =>
      check(normalise(value, { ...context, receivedMicros })),
    ),
    { numRuns: 1500 },
  )
})

test('OE1: any bytes become an event or a refusal', () => {
  const cut = fc.tuple(almostEvent, fc.nat(), fc.nat(255)).map(([event, at, byte]) => {
    const bytes = Buffer.from(JSON.stringify(event))
    bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), cut), bytes => check(eventFromJson(bytes, context))),
    { numRuns: 1500 },
  )
})

test('OE1: PostgreSQL takes every event that is accepted, and gives it back', async () => {
  const database = await PGlite.create()
  after(() => database.close())
  const column = '(extract(epoch from $5::timestamptz) * 1000000)::bigint::text as micros, $6::jsonb::text as metadata'
  const sql = `select $1::uuid::text as id, $2::text as trace, $3::text as source, $4::text as type, ${column}`
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(almostEvent, async value => {
      const event = normalise(value, context)
      if ('reason' in event) return
      accepted++
      const at = textFromMicros(event.timestampMicros)
      const { eventId, traceId, source, eventType, metadata } = event
      const { rows } = await database.query<Record<string, string>>(sql, [
        ...[eventId, traceId, source, eventType, at],
        JSON.stringify(metadata),
      ])
      const [row] = rows
      assert.deepEqual(
        { ...row, metadata: '' },
        {
          ...{ id: eventId, trace: traceId, source, type: eventType },
          ...{ micros: String(event.timestampMicros), metadata: '' },
        },
      )
      assert.deepEqual(JSON.parse(row!.metadata!), JSON.parse(JSON.stringify(metadata)))
    }),
    { numRuns: 200 },
  )
  assert.ok(accepted > 20, `only ${accepted} events were accepted`)
})
