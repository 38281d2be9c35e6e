import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Calendar, daysBefore } from '../src/archive/calendar.ts'
import { directoryOf, secondName } from '../src/archive/names.ts'
import { packerErrors } from '../src/errors.ts'
import { EventBatch } from '../src/intake/event-batch.ts'
import { DayCutter } from '../src/run/day-runs.ts'

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'America/Havana',
  'Pacific/Apia',
  'Asia/Kathmandu',
]
/** Around clock changes of those zones, and the day that Samoa left out. */
const changes = [
  Date.UTC(2026, 2, 29, 1),
  Date.UTC(2026, 9, 25, 1),
  Date.UTC(2026, 2, 8, 7),
  Date.UTC(2026, 10, 1, 6),
  Date.UTC(2006, 9, 29, 2, 31),
  Date.UTC(2026, 3, 4, 15),
  Date.UTC(2011, 11, 30, 10),
  Date.UTC(2026, 10, 1, 5),
]
const moment = fc.oneof(
  fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -90_000_000, max: 90_000_000 })).map(([at, by]) => at + by),
  fc.integer({ min: 1, max: Date.UTC(2200) }),
)

function judge(zone: string, ms: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    ms,
  )
}

test('PA1: the day of an event is the one that its time zone shows, at every nanosecond of the span', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, fc.nat(999_999), (zone, ms, ns) => {
      const span = new Calendar(zone).spanOf(BigInt(ms) * 1_000_000n + BigInt(ns))
      assert.ok(span.fromNs <= BigInt(ms) * 1_000_000n + BigInt(ns) && BigInt(ms) * 1_000_000n < span.toNs)
      assert.equal(span.day, judge(zone, ms))
      assert.equal(span.day, judge(zone, Number(span.fromNs / 1_000_000n)))
      assert.equal(span.day, judge(zone, Number((span.toNs - 1n) / 1_000_000n)))
    }),
    { numRuns: 1500 },
  )
})

test('PA1: rows are cut where the day changes, and only there', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.array(fc.tuple(moment, fc.nat(999_999)), { maxLength: 30 }),
      (zone, moments) => {
        const timestampNs = BigInt64Array.from(moments, ([ms, ns]) => BigInt(ms) * 1_000_000n + BigInt(ns))
        const columns = { ...new EventBatch().take(), timestampNs, rows: moments.length }
        const runs = new DayCutter(new Calendar(zone)).runsOf(columns)
        const found = [...runs].flatMap(([day, runs]) =>
          runs.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => [from + at, day])),
        )
        assert.deepEqual(
          found.sort((a, b) => Number(a[0]) - Number(b[0])),
          moments.map(([ms], at) => [at, judge(zone, ms)]),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('the wall clock is that of the zone', () => {
  const calendar = new Calendar('Europe/Berlin')
  const at = (iso: string) => calendar.wallOf(BigInt(Date.parse(iso)) * 1_000_000n)
  assert.deepEqual(at('2026-03-29T00:59:59Z'), { day: '2026-03-29', second: 7199 })
  assert.deepEqual(at('2026-03-29T01:00:00Z'), { day: '2026-03-29', second: 10_800 })
  assert.deepEqual(at('2026-12-31T23:00:00Z'), { day: '2027-01-01', second: 0 })
  assert.equal(daysBefore('2026-03-01', 60), '2025-12-31')
})

test('directories follow their format, and stay in their root', () => {
  assert.equal(directoryOf('%Y/%m/%d', '2026-11-21'), '2026/11/21')
  assert.equal(directoryOf('%y-%j%%', '2026-11-21'), '26-325%')
  for (const format of ['/%Y', '../%Y', '%Y//%d', '%Q', '%', '', '%Y/.', 'a\\b']) {
    assert.throws(
      () => directoryOf(format, '2026-11-21'),
      (error: unknown) => packerErrors.is(error) && error.code === 'packer.setting',
      format,
    )
  }
})

test('names are unique: the next second that is free', () => {
  const taken = new Set<string>()
  const next = () => {
    const name = secondName('events', '.parquet', { day: '2026-11-21', second: 86_399 }, name => taken.has(name))
    taken.add(name)
    return name
  }
  assert.deepEqual(
    [next(), next(), next()],
    ['235959', '000000', '000001'].map(time => `events_20261121_${time}.parquet`),
  )
})
