/**
 * What the windows of a day have to be, from the contract alone. Every batch is judged as it comes, and what is judged is forgotten, but for a few bytes of each event and the sums.
 */
import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import type { EventBatch } from '../src/contract.ts'
import { type DayEvent, numberOf, sessionIds } from './day-deliveries.ts'
import { type Entry, fates, Ledger } from './day-ledger.ts'
import { windowSummary } from './day-summary.ts'
import { DaySums } from './day-sums.ts'
import { latenessMs, windowMs } from './windows-model.ts'

const batchEventsMax = 10_000

/** A window of a session whose events are not all there yet. */
type OpenWindow = { readonly session: number; readonly start: number; readonly numbers: number[] }

/** What came of a window so far. */
type Arriving = { parts: number; readonly numbers: number[] }

type KnownBatch = { readonly sum: number; mayComeAgain: boolean }

export class DayModel {
  readonly ledger: Ledger
  readonly sums = new DaySums()
  readonly #windows = new Map<string, OpenWindow>()
  readonly #arriving = new Map<string, Arriving>()
  readonly #batches = new Map<string, KnownBatch>()
  /** Windows of each session that held something, by their beginning, and whether they are closed although the clock shows an earlier time. */
  readonly #used = sessionIds.map(() => new Map<number, boolean>())
  windowsJudged = 0
  lateEvents = 0
  batchesAgain = 0

  constructor(eventsMax: number) {
    this.ledger = new Ledger(eventsMax)
  }

  get batches(): number {
    return this.#batches.size
  }

  /** Windows of which not every event came in a batch. */
  get windowsMissing(): number {
    return this.#windows.size
  }

  /** An event was published while the clock showed `wallMs`, and has to be accepted. True where it is late. */
  accept(event: DayEvent, wallMs: number): boolean {
    const { number, session, timestamp } = event
    this.ledger.add(event)
    const start = this.#windowOf(session, timestamp, wallMs)
    const key = keyOf(session, start)
    const window = this.#windows.get(key)
    if (window) window.numbers.push(number)
    else this.#windows.set(key, { session, start, numbers: [number] })
    this.#used[session]!.set(start, false)
    return timestamp < start
  }

  /** The clock, which shows `wallMs`, is about to be set back: what is over by now stays closed. */
  beforeSetBack(wallMs: number): void {
    for (const used of this.#used) {
      for (const start of used.keys()) if (start + windowMs + latenessMs <= wallMs) used.set(start, true)
    }
  }

  /** The process died before it had stored these. How many of them are late. */
  diedWaiting(numbers: readonly number[]): number {
    let late = 0
    const dead = new Set(numbers)
    for (const number of numbers) this.ledger.fate[number] = fates.diedWaiting
    for (const [key, { session, start, numbers: all }] of this.#windows) {
      const left = all.filter(number => !dead.has(number))
      if (left.length === all.length) continue
      late += all.filter(number => dead.has(number) && this.ledger.timestampOf(number) < start).length
      all.splice(0, all.length, ...left)
      if (left.length === 0 && this.#windows.delete(key)) this.#used[session]!.delete(start)
    }
    return late
  }

  /** Judges a batch that came. */
  batch(batch: EventBatch): void {
    const sum = sumOf(batch)
    const known = this.#batches.get(batch.batch_id)
    if (known) {
      assert.equal(sum, known.sum, 'CW6: a batch that comes again is the same')
      assert.ok(known.mayComeAgain, 'CW4: a batch that was taken does not come again')
      this.batchesAgain++
      return
    }
    this.#batches.set(batch.batch_id, { sum, mayComeAgain: true })
    this.#firstTime(batch)
  }

  /** The consumer has taken it, and said so in time. */
  taken({ batch_id: id }: EventBatch): void {
    this.#batches.get(id)!.mayComeAgain = false
  }

  #firstTime(batch: EventBatch): void {
    const start = Date.parse(batch.window_start)
    assert.equal(start % windowMs, 0, 'CW1: windows are aligned to the epoch')
    assert.equal(Date.parse(batch.window_end) - start, windowMs, 'CW1: windows are 30 s long')
    const size = batch.events.length
    assert.ok(size > 0 && size <= batchEventsMax, `a batch has 1 to ${batchEventsMax} events, and this has ${size}`)
    const key = keyOf(sessionIds.indexOf(batch.session_id), start)
    let arriving = this.#arriving.get(key)
    if (arriving === undefined) this.#arriving.set(key, (arriving = { parts: 0, numbers: [] }))
    assert.equal(batch.part, ++arriving.parts, 'parts come in their order')
    for (const event of batch.events) arriving.numbers.push(this.#event(event, batch.session_id, start))
    if (batch.part < batch.parts) return
    this.#arriving.delete(key)
    this.#judge(key, batch, arriving.numbers)
  }

  /** Of an event in a batch of the window that begins at `start`: its number. */
  #event(event: EventBatch['events'][number], sessionId: string, start: number): number {
    const number = numberOf(event.id)
    const difference = this.ledger.difference(number, event, sessionId)
    assert.equal(difference, undefined, `event ${event.id}: ${difference}`)
    assert.notEqual(this.ledger.fate[number], fates.inBatch, `CW4: event ${event.id} is in two batches`)
    this.ledger.fate[number] = fates.inBatch
    const isLate = this.ledger.timestampOf(number) < start
    const { late } = event
    assert.equal(late, isLate ? true : undefined, `CW2: event ${event.id} is ${isLate ? '' : 'not '}late`)
    if (isLate) this.lateEvents++
    return number
  }

  /** All parts are there. */
  #judge(key: string, last: EventBatch, found: readonly number[]): void {
    const window = this.#windows.get(key)
    const name = `window ${last.window_start} of session ${last.session_id}`
    assert.ok(window, `${name}: no event belongs there`)
    this.#windows.delete(key)
    const entries = window.numbers.map(number => this.ledger.entry(number))
    entries.sort((a, b) => a.timestamp - b.timestamp)
    const foundEntries = found.map(number => this.ledger.entry(number))
    assert.equal(found.length, entries.length, `${name}: events`)
    assert.equal(last.parts, Math.ceil(found.length / batchEventsMax), `${name}: parts are full`)
    assert.deepEqual(numbersOf(foundEntries), numbersOf(entries), `${name}: its events, by time and arrival`)
    assert.deepEqual(shotsOf(foundEntries), shotsOf(entries), `${name}: its screenshots`)
    assert.ok(isInOrder(foundEntries), `${name}: by time`)
    const { counts, aggregates, minutes } = windowSummary(entries, window.start)
    assert.deepEqual({ ...last.counts }, counts, `${name}: counts`)
    const { distance_px, ...others } = last.aggregates
    assert.ok(Math.abs(distance_px - aggregates.distance_px) < 1e-6 * (1 + distance_px), `${name}: distance`)
    const { distance_px: _, ...otherAggregates } = aggregates
    assert.deepEqual(others, otherAggregates, `${name}: aggregates`)
    this.sums.add(window.session, minutes)
    this.windowsJudged++
  }

  /** The window of its time, or the next that is open: step by step. */
  #windowOf(session: number, timestamp: number, wallMs: number): number {
    const used = this.#used[session]!
    let start = timestamp - (timestamp % windowMs)
    while (wallMs >= start + windowMs + latenessMs || used.get(start) === true) start += windowMs
    return start
  }
}

/** The place of a screenshot is where it is by now. */
function sumOf({ screenshots, ...batch }: EventBatch): number {
  const references = screenshots.map(({ place: _, ...reference }) => reference)
  return crc32(JSON.stringify(references), crc32(JSON.stringify(batch)))
}

function keyOf(session: number, start: number): string {
  return `${session} ${start}`
}

/** A screenshot comes behind what came while it was measured. */
function numbersOf(entries: readonly Entry[]): number[] {
  return entries.filter(entry => entry.type !== 'screenshot').map(entry => entry.number)
}

function shotsOf(entries: readonly Entry[]): number[] {
  return entries
    .filter(entry => entry.type === 'screenshot')
    .map(entry => entry.number)
    .sort((a, b) => a - b)
}

function isInOrder(entries: readonly Entry[]): boolean {
  return entries.every((entry, at) => at === 0 || entries[at - 1]!.timestamp <= entry.timestamp)
}
