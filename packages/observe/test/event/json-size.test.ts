import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventFromJson } from '../../src/event/codec.ts'
import { jsonBytesAtLeast } from '../../src/event/json-size.ts'
import { eventBytesMax } from '../../src/event/limits.ts'

const context = { receivedMicros: 1_795_000_000_000_000, eventId: () => '4f4d2c2e-6f0b-4c67-9d0b-8a1f5f1f0c52' }

/** As ASCII, the way Python's encoder writes it. */
function escaped(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

test('however JSON is written, it is never said to be longer than its shortest form', () => {
  const written = fc.tuple(fc.json({ stringUnit: 'binary' }), fc.constantFrom(undefined, 1, '\t'), fc.boolean())
  fc.assert(
    fc.property(written, ([json, indent, isAscii]) => {
      const value: unknown = JSON.parse(json)
      const spaced = JSON.stringify(value, null, indent)
      const shortest = Buffer.byteLength(JSON.stringify(value))
      assert.ok(jsonBytesAtLeast(Buffer.from(isAscii ? escaped(spaced) : spaced)) <= shortest)
    }),
  )
})

test('OE1: what is far too large is refused before a parser has made anything of it', () => {
  const names = Array.from({ length: eventBytesMax / 4 }, (_, at) => `"${at}":0`).join(',')
  for (const json of [
    `{"metadata":{${names}}}`,
    `${'['.repeat(eventBytesMax + 1)}and no JSON`,
    `"${'x'.repeat(eventBytesMax)}`,
  ]) {
    const found = eventFromJson(Buffer.from(json), context)
    assert.deepEqual(found, { reason: 'too-large', detail: 'an event: at most 1048576 bytes of JSON are accepted' })
  }
})

test('OE1: an event of an accepted size is taken although white space and escapes make it long', () => {
  const metadata = { text: 'ж'.repeat(200_000) }
  const json = escaped(JSON.stringify({ trace_id: 't', event_type: 'x', metadata })) + ' '.repeat(eventBytesMax)
  const found = eventFromJson(Buffer.from(json), context)
  assert.ok('eventId' in found)
  assert.deepEqual(found.metadata, metadata)
})
