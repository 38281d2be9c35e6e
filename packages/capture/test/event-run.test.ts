import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeRun, decodeRunText, encodeRun, type RunEvent } from '../src/event/run.ts'

const anEvent = fc.record(
  {
    id: fc.uuid(),
    timestamp: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    eventType: fc.constantFrom('keystroke', 'mouse_move', 'ü', '__proto__', 'x'.repeat(64)),
    json: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })).map(data => JSON.stringify(data)),
  },
  { noNullPrototype: true },
)
const aRun = fc.array(anEvent, { minLength: 1, maxLength: 40 })

test('CE2: a run gives back its events, each value of each, in their order', () => {
  fc.assert(
    fc.property(aRun, (events: RunEvent[]) => {
      const bytes = encodeRun(events)
      assert.deepEqual(decodeRunText(bytes), events)
      const data = decodeRun(bytes)!.map(({ data, ...event }) => ({ ...event, json: JSON.stringify(data) }))
      assert.deepEqual(
        data,
        events.map(({ json, ...event }) => ({ ...event, json: JSON.stringify(JSON.parse(json)) })),
      )
    }),
  )
})

test('CE2: damaged bytes are no run, or a run; they never throw', () => {
  fc.assert(
    fc.property(aRun, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(), (events, where, flip, length) => {
      const bytes = encodeRun(events)
      bytes[where % bytes.length]! ^= flip
      decodeRun(bytes)
      decodeRunText(bytes)
      assert.equal(decodeRun(bytes.subarray(0, 0)), undefined)
      const cut = encodeRun(events)
      assert.ok((decodeRun(cut.subarray(0, length % cut.length)) ?? []).length <= events.length)
    }),
  )
})

test('CE2: a run that counts more events than there are is none', () => {
  const bytes = encodeRun([{ id: '3f8e2c1a-0000-4000-8000-00000000000a', timestamp: 1, eventType: 'x', json: '{}' }])
  bytes.writeUInt32BE(0xffffffff, 0)
  assert.equal(decodeRun(bytes), undefined)
  bytes.writeUInt32BE(0, 0)
  assert.equal(decodeRun(bytes), undefined)
})
