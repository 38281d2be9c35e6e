import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@chronicle/base'
import { DailySchedule, nextDaily } from '../src/service/schedule.ts'

const time = (hour: number, minute = 0) => ({ hour, minute })
const next = (after: string, at: { hour: number; minute: number }, zone: string) =>
  new Date(nextDaily(Date.parse(after), at, zone)).toISOString()

test('PS2: it is 03:00 where the zone says so, in winter and in summer', () => {
  assert.equal(next('2026-01-10T12:00:00Z', time(3), 'Europe/Berlin'), '2026-01-11T02:00:00.000Z')
  assert.equal(next('2026-07-10T12:00:00Z', time(3), 'Europe/Berlin'), '2026-07-11T01:00:00.000Z')
  assert.equal(next('2026-07-10T02:59:59Z', time(3), 'UTC'), '2026-07-10T03:00:00.000Z')
  assert.equal(next('2026-07-10T03:00:00Z', time(3), 'UTC'), '2026-07-11T03:00:00.000Z')
})

test('PS2: a time that summer time skips comes an hour later, and one that comes twice counts once', () => {
  assert.equal(next('2026-03-28T12:00:00Z', time(2, 30), 'Europe/Berlin'), '2026-03-29T01:30:00.000Z')
  assert.equal(next('2026-10-24T12:00:00Z', time(2, 30), 'Europe/Berlin'), '2026-10-25T00:30:00.000Z')
  assert.equal(next('2026-10-25T00:30:00Z', time(2, 30), 'Europe/Berlin'), '2026-10-26T01:30:00.000Z')
})

/** A clock whose wall time is set by hand: `look` fires the timer that waits. */
class HandClock implements Clock {
  #now: number
  #waiting: (() => void) | undefined
  constructor(now: string) {
    this.#now = Date.parse(now)
  }
  now = () => this.#now
  monotonic = () => 0
  after(_delayMs: number, action: () => void) {
    this.#waiting = action
    return { cancel: () => (this.#waiting = undefined) }
  }
  every = () => ({ cancel: () => undefined })
  look(now: string): void {
    this.#now = Date.parse(now)
    this.#waiting?.()
  }
}

test('PS2: one run a day, also when the machine slept through the time or its clock was set back', () => {
  const clock = new HandClock('2026-05-01T12:00:00Z')
  let runs = 0
  const run = () => {
    runs++
  }
  const schedule = new DailySchedule({ clock, dailyTime: time(3), timezone: 'UTC', run })
  clock.look('2026-05-02T02:59:59Z')
  assert.equal(runs, 0)
  clock.look('2026-05-02T03:00:00Z')
  clock.look('2026-05-02T03:00:01Z')
  assert.equal(runs, 1)
  clock.look('2026-05-05T17:00:00Z')
  assert.equal(runs, 2, 'three nights asleep are made up for by one run')
  assert.equal(new Date(schedule.nextMs).toISOString(), '2026-05-06T03:00:00.000Z')
  clock.look('2025-01-01T00:00:00Z')
  assert.equal(new Date(schedule.nextMs).toISOString(), '2025-01-01T03:00:00.000Z')
  schedule.stop()
  clock.look('2026-05-07T03:00:00Z')
  assert.equal(runs, 2)
})
