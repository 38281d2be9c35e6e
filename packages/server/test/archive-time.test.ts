import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventLine } from '../src/cli/archive/event-line.ts'
import { parseTime, rangeOf } from '../src/cli/archive/time.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')

/** As instants with their nanoseconds, [from, to). */
function range(from: string, to: string, timezone = 'UTC'): (string | undefined)[] {
  const given = rangeOf({ from: parseTime(from), to: parseTime(to) }, timezone, nowMs)
  return [given.from, given.to].map(ns => {
    if (ns === undefined) return undefined
    return `${new Date(Number(ns / 1_000_000n)).toISOString()}${ns % 1_000_000n === 0n ? '' : `+${ns % 1_000_000n}`}`
  })
}

test('a day is all of it, by the clocks of its zone, also where clocks are set at midnight', () => {
  assert.deepEqual(range('2026-11-20', '2026-11-20'), ['2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.000Z'])
  const inZone = (day: string, zone: string) => range(day, day, zone)
  assert.deepEqual(inZone('2026-11-20', 'Pacific/Kiritimati'), ['2026-11-19T10:00:00.000Z', '2026-11-20T10:00:00.000Z'])
  assert.deepEqual(inZone('2026-11-20', 'Asia/Kathmandu'), ['2026-11-19T18:15:00.000Z', '2026-11-20T18:15:00.000Z'])
  // 23 and 25 hours.
  assert.deepEqual(inZone('2026-03-29', 'Europe/Berlin'), ['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'])
  assert.deepEqual(inZone('2026-10-25', 'Europe/Berlin'), ['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'])
  // Cairo has no midnight on this day, Havana two.
  assert.deepEqual(inZone('2026-04-24', 'Africa/Cairo'), ['2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z'])
  assert.deepEqual(inZone('2026-11-01', 'America/Havana'), ['2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'])
})

test('instants to the nanosecond, and times before now', () => {
  const at = (text: string) => range(text, text)[0]
  assert.equal(at('2026-11-20T10:00:00Z'), '2026-11-20T10:00:00.000Z')
  assert.equal(at('2026-11-20t10:00:00.123456789+02:00'), '2026-11-20T08:00:00.123Z+456789')
  assert.equal(at('2026-11-20 10:00:00.5-00:30'), '2026-11-20T10:30:00.500Z')
  assert.deepEqual(range('-2h', '30m'), ['2026-11-21T10:00:00.000Z', '2026-11-21T11:30:00.000Z'])
  assert.deepEqual(range('1w', '90s'), ['2026-11-14T12:00:00.000Z', '2026-11-21T11:58:30.000Z'])
  const refused = [
    '',
    'now',
    '2026-13-01',
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '2026-11-20T10:00:00',
    '2026-11-20T25:00:00Z',
  ]
  for (const text of [...refused, '5', '5y', '999999w', '2026-11-20T10:00:00.1234567890Z']) {
    assert.throws(() => parseTime(text), /Accepted: 2026-11-20/, text)
  }
})

const event = {
  timestampNs: 1_790_000_000_123_456_789n,
  eventType: 'key',
  appBundleId: null,
  windowTitle: '"\n\u2028',
  data: '{"big":12345678901234567890,\n"same":1,"same":2}',
  sessionId: 's',
  eventId: 'e',
}

test('an event is one line whatever is in it, with every digit of its numbers', () => {
  const line = eventLine(event, false)
  assert.equal(line.indexOf('\n'), line.length - 1)
  assert.match(line, /^\{"timestamp_ns":1790000000123456789,/)
  const { data, window_title, app_bundle_id } = JSON.parse(line)
  assert.deepEqual([data, window_title, app_bundle_id], [event.data, event.windowTitle, null])
  const nested = eventLine(event, true)
  assert.equal(nested.indexOf('\n'), nested.length - 1)
  assert.ok(nested.includes('"data":{"big":12345678901234567890, "same":1,"same":2},'))
  assert.equal(JSON.parse(eventLine({ ...event, data: '{' }, true)).data, '{', 'what is no JSON stays a text')
  assert.equal(JSON.parse(eventLine({ ...event, data: '1}, "forged": {"a":1' }, true)).forged, undefined)
})
