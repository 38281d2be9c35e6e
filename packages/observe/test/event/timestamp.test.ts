import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { microsFromText, textFromMicros, utcDayOf } from '../../src/event/timestamp.ts'

test('times of RFC 3339 in all their forms', () => {
  const noon = Date.UTC(2026, 10, 20, 12) * 1000
  const accepted: Record<string, number> = {
    '2026-11-20T12:00:00Z': noon,
    '2026-11-20t12:00:00z': noon,
    '2026-11-20 12:00:00Z': noon,
    '2026-11-20T12:00:00.5Z': noon + 500_000,
    '2026-11-20T12:00:00.000001Z': noon + 1,
    // Digits after the sixth are cut off, never rounded up into the next second.
    '2026-11-20T12:00:00.999999999Z': noon + 999_999,
    '2026-11-20T14:00:00+02:00': noon,
    '2026-11-20T06:30:00-05:30': noon,
    '2026-11-20T12:00:00-00:00': noon,
    '2026-11-21T11:59:00+23:59': noon,
    '2024-02-29T00:00:00Z': Date.UTC(2024, 1, 29) * 1000,
    '2000-02-29T00:00:00Z': Date.UTC(2000, 1, 29) * 1000,
    '1970-01-01T00:00:00Z': 0,
    // Before 1970 is refused elsewhere, as what it is.
    '0001-01-01T00:00:00Z': -62_135_596_800_000_000,
    // A leap second, also where the day ends at another hour.
    '2016-12-31T23:59:60Z': Date.UTC(2017, 0, 1) * 1000,
    '2017-01-01T00:59:60.5+01:00': Date.UTC(2017, 0, 1) * 1000 + 500_000,
  }
  for (const [text, micros] of Object.entries(accepted)) assert.equal(microsFromText(text), micros, text)
})

test('what is no time of RFC 3339 is none here', () => {
  const refused = [
    '',
    '2026-11-20',
    '2026-11-20T12:00Z',
    '2026-11-20T12:00:00',
    '2026-11-20T12:00:00.Z',
    '2026-11-20T12:00:00,5Z',
    '2026-11-20T12:00:00+0200',
    '2026-11-20T12:00:00+02',
    '2026-11-20T24:00:00Z',
    '2026-11-20T12:60:00Z',
    '2026-11-20T12:00:61Z',
    '2026-11-20T12:00:60Z',
    '2026-11-20T12:00:00+24:00',
    '2026-11-20T12:00:00+02:60',
    '2026-13-01T12:00:00Z',
    '2026-00-01T12:00:00Z',
    '2026-11-00T12:00:00Z',
    '2026-11-31T12:00:00Z',
    '2026-02-29T12:00:00Z',
    '1900-02-29T12:00:00Z',
    ' 2026-11-20T12:00:00Z',
    '2026-11-20T12:00:00Z\n',
    '+02026-11-20T12:00:00Z',
    '1763640000',
    `2026-11-20T12:00:00.${'0'.repeat(100)}Z`,
  ]
  for (const text of refused) assert.equal(microsFromText(text), undefined, text)
})

test('a time written is the time read, texts sort as times do, and days are those of UTC', () => {
  const times = fc.integer({ min: 0, max: Date.UTC(2255, 0) * 1000 })
  fc.assert(
    fc.property(times, times, (a, b) => {
      assert.equal(microsFromText(textFromMicros(a)), a)
      assert.equal(textFromMicros(a) < textFromMicros(b), a < b)
      assert.equal(utcDayOf(a), textFromMicros(a).slice(0, 10))
    }),
  )
})
