/** PA11: what a run deletes by itself is past its retention, and not because some clock is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { expired, keptDaysMin } from '../src/archive/retention.ts'
import { event, eventStream } from './intake-support.ts'
import { archivedRows, type Bench, bench, MemorySource, pack, withArchive } from './run-support.ts'

const retentionDays = 60
const dayMs = 86_400_000
const begin = Date.UTC(2026, 0, 1, 3)
const at = (day: number) => begin + day * dayMs

/** Two records a day: the events of what a night finds. */
class Nights {
  readonly #source = new MemorySource([])
  readonly #bench: Bench

  constructor(b: Bench) {
    this.#bench = b
  }

  /** Packs an event of `eventDay` when the clock says `day`, and deletes as a run does. How many files went. */
  async run(day: number, eventDay = day, isAsked = false): Promise<number> {
    const timestamp_ns = BigInt(at(eventDay) - 3_600_000) * 1_000_000n
    this.#source.push(eventStream([event(this.#source.records.length, { timestamp_ns })]))
    const clock = { ...systemClock, now: () => at(day) }
    await pack(this.#bench, this.#source, { clock })
    return withArchive(this.#bench, async archive => (await archive.retain(isAsked)).length, { clock })
  }
}

test('PA11: night by night the day goes whose time is up', async () => {
  const nights = new Nights(await bench({ retentionDays }))
  for (const day of [0, 1, 2]) assert.equal(await nights.run(day), 0)
  for (let day = 6; day < 60; day += 6) assert.equal(await nights.run(day), 0)
  for (const day of [60, 61, 62, 63]) assert.equal(await nights.run(day), day === 60 ? 0 : 1, `day ${day}`)
})

test('PA11: a clock that is a year ahead deletes nothing until it has been so for a day', async () => {
  const b = await bench({ retentionDays })
  const nights = new Nights(b)
  for (const day of [0, 1, 2]) await nights.run(day)
  assert.equal(await nights.run(367, 367), 0)
  assert.equal(await nights.run(367.5, 367), 0)
  assert.equal((await archivedRows(b)).length, 5)
  assert.equal(await nights.run(3), 0, 'set right again')
  assert.equal(await nights.run(368.5), 4, 'the machine was off for a year')
})

test('PA11: a person who asks is not held back', async () => {
  const nights = new Nights(await bench({ retentionDays }))
  for (const day of [0, 1, 2]) await nights.run(day)
  assert.equal(await nights.run(400, 400, true), 3)
})

test('PA11: events that are past their retention when they are packed stay for a week, and so do the ids of their day', async () => {
  const b = await bench({ retentionDays })
  const nights = new Nights(b)
  for (const day of [100, 101]) await nights.run(day)
  assert.equal(await nights.run(102, 10), 0)
  const day = new Date(at(10)).toISOString().slice(0, 10)
  const ids = () => withArchive(b, async archive => Object.keys(archive.manifest.ids))
  assert.ok((await ids()).includes(day))
  assert.equal(await nights.run(102 + keptDaysMin - 1), 0)
  assert.equal(await nights.run(102 + keptDaysMin), 1)
  assert.ok(!(await ids()).includes(day))
})

test('PA11: whatever an entry says of its time, a person can have it deleted', async () => {
  const b = await bench({ retentionDays })
  await new Nights(b).run(0)
  const { manifest, calendar } = await withArchive(b, async archive => archive)
  const files = manifest.files.map(file => ({ ...file, createdAt: 'never' }))
  const of = (isAsked: boolean) =>
    expired({ ...manifest, files }, { calendar, nowMs: at(100), retentionDays, isAsked }).files.size
  assert.deepEqual([of(false), of(true)], [0, 1])
})
