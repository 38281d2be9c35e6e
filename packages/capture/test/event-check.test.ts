import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CheckedEvent, checkEvent, isRefusal } from '../src/event/check.ts'
import { dataCharactersMax } from '../src/event/limits.ts'
import { type EventRefusal, refusalText } from '../src/event/refusal.ts'
import { isoFromMs, msFromIso } from '../src/event/timestamp.ts'
import { uuidFromBytes, uuidOf, uuidToBytes, uuidV5 } from '../src/event/uuid.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const secret = 'correct horse battery staple'

const region = { x: -1920, y: 0, width: 1920, height: 1080 }
const metadata = { window_title: 'Letter', app_name: 'Writer', screen_region: region, privacy_masked: false }
const modifiers = { shift: true, ctrl: false, alt: false, meta: false }

/** One event of each known type, as it is accepted. */
const accepted: Record<string, Record<string, unknown>> = {
  keystroke: { key_code: 30, modifiers, inter_key_interval_ms: 120.5 },
  mouse_move: { x: -3.5, y: 1200, velocity: 0 },
  mouse_click: { x: 1, y: 2, button: 'left', click_type: 'triple' },
  window_focus: { window_title: '', app_name: 'Writer', process_id: 0, duration_ms: 1500 },
  screenshot: { screenshot_id: '0190b8a0-0000-7000-8000-000000000001', image: Buffer.from('pixels'), metadata },
  process: { process_id: 7, process_name: 'writer', state: 'crashed' },
  resource: { cpu_percent: 250.5, memory_mb: 1, disk_io_mb_per_sec: 0, network_io_mb_per_sec: 0 },
}

function event(type: string, data: unknown, more: object = {}): Record<string, unknown> {
  return {
    id: '0190B8A0-1111-7000-8000-000000000001',
    timestamp: now,
    session_id: '3f8e2c1a-0000-4000-8000-00000000000a',
    event_type: type,
    data,
    ...more,
  }
}

function taken(value: unknown): CheckedEvent {
  const checked = checkEvent(value, now)
  assert.ok(!isRefusal(checked), JSON.stringify(checked))
  return checked
}

function refused(value: unknown): EventRefusal {
  const checked = checkEvent(value, now)
  assert.ok(isRefusal(checked), 'a refusal was expected')
  assert.ok(!refusalText(checked).includes(secret), 'CE1: no content in a refusal')
  return checked
}

/** Every path to a value inside of `data`, and a copy of `data` in which it is another one. */
function* changes(data: Record<string, unknown>, under: string, value: unknown): Iterable<[string, object]> {
  for (const [name, member] of Object.entries(data)) {
    const field = `${under}.${name}`
    yield [field, { ...data, [name]: value }]
    if (typeof member !== 'object' || member === null || ArrayBuffer.isView(member)) continue
    for (const [inner, changed] of changes(member as Record<string, unknown>, field, value)) {
      yield [inner, { ...data, [name]: changed }]
    }
  }
}

test('every known type is accepted as the table has it, and its data come back as they came', () => {
  for (const [type, data] of Object.entries(accepted)) {
    const { event: found, image } = taken(event(type, data))
    const { image: sent, ...rest } = data
    assert.deepEqual(JSON.parse(found.json), rest)
    assert.equal(image, sent)
    assert.equal(found.id, '0190b8a0-1111-7000-8000-000000000001')
    assert.equal(found.timestamp, now)
  }
})

test('CE1: each field of each known type is checked, and the refusal names it and nothing of its content', () => {
  for (const [type, data] of Object.entries(accepted)) {
    for (const bad of [{ nested: secret }, Number.NaN]) {
      for (const [field, changed] of changes(data, 'data', bad)) {
        // An object where one is wanted: the first of its own fields is missing.
        assert.ok(refused(event(type, changed)).field.startsWith(field), `${type} ${field}`)
      }
    }
    for (const [field, changed] of changes(data, 'data', undefined)) {
      if (/interval_ms|duration_ms/.test(field)) taken(event(type, changed))
      else
        assert.deepEqual([field, 'nothing'], [refused(event(type, changed)).field, refused(event(type, changed)).found])
    }
  }
  assert.equal(refused(event('mouse_click', { ...accepted.mouse_click, button: secret })).field, 'data.button')
  assert.equal(
    refusalText(refused(event('mouse_move', { x: '1', y: 2, velocity: 3 }))),
    'data.x: a finite number is accepted, and there was a text',
  )
})

test('CE1: the fields of the event itself are checked', () => {
  const data = { any: 'thing' }
  for (const id of [
    undefined,
    null,
    7,
    '',
    secret,
    '0190b8a0-1111-7000-8000-00000000000',
    '00000000-0000-0000-0000-000000000000',
  ]) {
    assert.equal(refused(event('x', data, { id })).field, 'id')
    assert.equal(refused(event('x', data, { session_id: id })).field, 'session_id')
  }
  for (const timestamp of [
    undefined,
    null,
    secret,
    -1,
    Number.NaN,
    2 ** 60,
    '2026-11-21',
    '2026-11-21T12:00:00',
    '2026-02-30T12:00:00Z',
  ]) {
    assert.equal(refused(event('x', data, { timestamp })).field, 'timestamp')
  }
  assert.equal(refused(event('x', data, { timestamp: now + 86_400_001 })).accepted, 'a time at most a day ahead')
  assert.equal(taken(event('x', data, { timestamp: now + 86_400_000 })).event.timestamp, now + 86_400_000)
  assert.equal(taken(event('x', data, { timestamp: 0 })).event.timestamp, 0)
  for (const type of [undefined, '', 'a\nb', 'ü'.repeat(33), '\ud800', 7]) {
    assert.equal(refused(event('', data, { event_type: type })).field, 'event_type')
  }
  for (const value of [undefined, null, [], 'text', 7, Buffer.from('x')])
    assert.equal(refused(event('x', value)).field, 'data')
  for (const value of [undefined, null, [], 'text', 7]) assert.equal(refused(value).field, 'event')
})

test('CE1: what JSON cannot hold is refused, whatever its object does', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  let deep: object = {}
  for (let depth = 0; depth < 100_000; depth++) deep = { deep }
  const hostile = [
    { nested: () => secret },
    { toJSON: () => secret },
    { big: 1n },
    { date: new Date(now) },
    { map: new Map() },
    { bytes: Buffer.from(secret) },
    { list: [undefined] },
    { number: Number.POSITIVE_INFINITY },
    { long: 'x'.repeat(dataCharactersMax) },
    { many: new Array(dataCharactersMax).fill(0) },
    circle,
    deep,
  ]
  for (const data of hostile) assert.equal(refused(event('x', data)).field, 'data')
  const throws = Object.defineProperty({}, 'x', { enumerable: true, get: () => assert.fail(secret) })
  assert.equal(refused(event('x', throws)).field, 'event')
  taken(event('x', { __proto__: null, none: undefined, list: [1, [null, true, '\ud800']] }))
})

test('any JSON object of an unknown type comes back as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), data => {
      assert.equal(taken(event('custom', data)).event.json, JSON.stringify(data))
    }),
  )
})

test('whatever comes is an event or a refusal', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withTypedArray: true,
    withNullPrototype: true,
  })
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(accepted), 'x'), anything, anything, (type, data, other) => {
      checkEvent(event(type, data), now)
      checkEvent(event(type, accepted[type] ?? data, { timestamp: other }), now)
      checkEvent(other, now)
    }),
  )
})

test('times of ISO 8601 are read as Date reads them, and written as it writes them', () => {
  const time = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') })
  fc.assert(
    fc.property(time, fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 }), (ms, offset) => {
      const text = new Date(ms).toISOString()
      assert.equal(isoFromMs(ms), text)
      assert.equal(msFromIso(text), ms)
      const sign = offset < 0 ? '-' : '+'
      const two = (value: number) => String(value).padStart(2, '0')
      const zone = `${sign}${two(Math.trunc(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
      assert.equal(msFromIso(text.replace('Z', zone)), Date.parse(text.replace('Z', zone)))
    }),
  )
  const wanted = Date.parse('2026-11-21T12:00:00.100Z')
  for (const text of ['2026-11-21T12:00:00.1Z', '2026-11-21t12:00:00,100999z', '2026-11-21 13:00:00.1+0100']) {
    assert.equal(msFromIso(text), wanted)
  }
  for (const text of ['2026-13-01T00:00:00Z', '2026-11-21T24:00:00Z', '2026-11-21T12:60:00Z', '0099-02-29T12:00:00Z']) {
    assert.equal(msFromIso(text), undefined)
  }
})

test('UUIDs are kept in lower case, and version 5 is that of RFC 9562', () => {
  fc.assert(
    fc.property(fc.uuid(), uuid => {
      assert.equal(uuidOf(uuid.toUpperCase()), uuid)
      assert.equal(uuidFromBytes(uuidToBytes(uuid)), uuid)
    }),
  )
  // Appendix A.4 of RFC 9562.
  assert.equal(
    uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com'),
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  )
})
