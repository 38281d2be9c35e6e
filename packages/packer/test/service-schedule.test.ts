import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@chronicle/base'
import { DailySchedule, lastDaily, nextDaily } from '../src/service/schedule.ts'

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

test('PS2: so it is in zones of another half of the world, and where the clock moves by half an hour', () => {
  assert.equal(next('2026-03-07T12:00:00Z', time(2, 30), 'America/New_York'), '2026-03-08T07:30:00.000Z')
  assert.equal(next('2026-10-31T12:00:00Z', time(1, 30), 'America/New_York'), '2026-11-01T05:30:00.000Z')
  assert.equal(next('2026-11-01T05:30:00Z', time(1, 30), 'America/New_York'), '2026-11-02T06:30:00.000Z')
  // Lord Howe moves by half an hour, to summer in October.
  assert.equal(next('2026-10-03T10:00:00Z', time(2, 15), 'Australia/Lord_Howe'), '2026-10-03T15:45:00.000Z')
  // Back by half an hour a time comes twice within the hour, and counts the second time, once.
  assert.equal(next('2026-04-04T10:00:00Z', time(1, 45), 'Australia/Lord_Howe'), '2026-04-04T15:15:00.000Z')
  assert.equal(next('2026-04-04T15:15:00Z', time(1, 45), 'Australia/Lord_Howe'), '2026-04-05T15:15:00.000Z')
})

test('PS4: the last daily moment lies up to a day back, over every change of clocks', () => {
  const last = (until: string, at: { hour: number; minute: number }, zone: string) =>
    new Date(lastDaily(Date.parse(until), at, zone)).toISOString()
  assert.equal(last('2026-05-02T03:00:00Z', time(3), 'UTC'), '2026-05-02T03:00:00.000Z')
  assert.equal(last('2026-05-02T02:59:59Z', time(3), 'UTC'), '2026-05-01T03:00:00.000Z')
  assert.equal(last('2026-03-29T12:00:00Z', time(2, 30), 'Europe/Berlin'), '2026-03-29T01:30:00.000Z')
  assert.equal(last('2026-11-01T06:00:00Z', time(1, 30), 'America/New_York'), '2026-11-01T05:30:00.000Z')
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
