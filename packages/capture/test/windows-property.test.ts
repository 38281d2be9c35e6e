import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Clock, seededRandom, systemClock, type Timer } from '@chronicle/base'
import fc from 'fast-check'
import type { EventBatch } from '../src/contract.ts'
import { decodeRunText } from '../src/event/run.ts'
import type { Pipeline } from '../src/pipeline.ts'
import { readAggregates } from '../src/reading/aggregates.ts'
import { type Span, spans } from '../src/store/aggregates.ts'
import { CaptureDatabase } from '../src/store/database.ts'
import { openEnvelope } from '../src/store/envelope.ts'
import { blockPlace } from '../src/store/event-blocks.ts'
import { mergeLimits } from '../src/windows/merge.ts'
import { fastDirectory, openPipeline, sessionA, sessionB, testKeys, until } from './event-support.ts'
import {
  checkBatches,
  checkWindows,
  countsBySpan,
  distinct,
  idleAfterMs,
  latenessMs,
  type Sent,
  windowMs,
} from './windows-model.ts'

const start = Date.parse('2026-11-21T12:00:00Z')

/** Its timers run soon, and not at all any more once the process is dead. */
class LifeClock implements Clock {
  nowMs: number
  isDead = false

  constructor(nowMs: number) {
    this.nowMs = nowMs
  }

  now = () => this.nowMs
  monotonic = systemClock.monotonic
  after = (ms: number, action: () => void): Timer => systemClock.after(Math.min(ms, 2), () => this.isDead || action())
  every = (ms: number, action: () => void): Timer => systemClock.every(Math.min(ms, 2), () => this.isDead || action())
}

/** The process ends with its transaction number `at`: before it is committed, or just after. */
type Crash = { readonly at: number; readonly after: boolean }

class Dead extends Error {}

function dieAt(database: CaptureDatabase, crash: Crash | undefined, onDeath: () => void): void {
  let count = 0
  for (const name of ['transaction', 'durably'] as const) {
    const commit = database[name].bind(database) as (work: () => unknown) => unknown
    Object.assign(database, {
      [name]: (work: () => unknown) => {
        count++
        if (crash && count > crash.at) throw new Dead()
        if (crash && count === crash.at && !crash.after) return die()
        const result = commit(work)
        return crash && count === crash.at ? die() : result
      },
    })
  }
  function die(): never {
    onDeath()
    throw new Dead()
  }
}

type Step =
  | {
      readonly kind: 'event'
      readonly ago: number
      readonly type: string
      readonly second: boolean
      readonly x: number
    }
  | { readonly kind: 'clock'; readonly ms: number }
  // To the moment at which a window closes, or a little beside it.
  | { readonly kind: 'edge'; readonly ms: number }
  | { readonly kind: 'settle' }

type Life = { readonly steps: readonly Step[]; readonly crash: Crash | undefined }

const anEvent = fc.record({
  kind: fc.constant('event' as const),
  // Up to a minute and a half late, and half a minute ahead.
  ago: fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: -100, max: 1_000 }),
    fc.integer({ min: -30_000, max: 90_000 }),
  ),
  type: fc.constantFrom('keystroke', 'mouse_move', 'mouse_move', 'mouse_click', 'window_focus', 'note'),
  second: fc.boolean(),
  x: fc.integer({ min: 0, max: 2_000 }),
})
const settle = fc.constant({ kind: 'settle' as const })
const forward = fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: 0, max: 40_000 }) })
const anyClock = fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) })
const edge = fc.record({ kind: fc.constant('edge' as const), ms: fc.integer({ min: -1, max: 1 }) })
const aCrash = fc.option(fc.record({ at: fc.integer({ min: 1, max: 25 }), after: fc.boolean() }), { nil: undefined })

function lives(clock: typeof forward) {
  const step = fc.oneof(
    { weight: 6, arbitrary: anEvent },
    { weight: 1, arbitrary: clock },
    { weight: 1, arbitrary: edge },
    { weight: 1, arbitrary: settle },
  )
  return fc.array(fc.record({ steps: fc.array(step, { maxLength: 60, size: 'max' }), crash: aCrash }), {
    minLength: 1,
    maxLength: 4,
  })
}

const datas: Record<string, (x: number) => Record<string, unknown>> = {
  keystroke: x => ({ key_code: x, modifiers: { shift: false, ctrl: false, alt: false, meta: false } }),
  mouse_move: x => ({ x, y: 7, velocity: 0 }),
  mouse_click: x => ({ x, y: 9, button: 'left', click_type: 'single' }),
  window_focus: x => ({ window_title: '', app_name: '', process_id: x }),
  note: x => ({ x }),
}

type History = { readonly sent: Sent[]; readonly batches: EventBatch[]; nowMs: number; latestMs: number }

/** Lives it until its end or its crash. The last one settles everything. */
async function live(
  directory: string,
  { steps, crash }: Life,
  history: History,
  isLast: boolean,
  random: { uuid(): string },
) {
  const clock = new LifeClock(history.nowMs)
  const database = CaptureDatabase.open({ path: join(directory, 'capture.db') })
  dieAt(database, isLast ? undefined : crash, () => void (clock.isDead = true))
  const opened = await openPipeline({
    directory,
    database,
    clock,
    idleAfterMs,
    shape: { windowMs, latenessMs },
    // Small, so that windows have several parts and blocks that overlap.
    mergeLimits: { ...mergeLimits, partEventsMax: 7 },
    consumer: async batch => {
      history.batches.push(batch)
      // Every third answer is lost on its way.
      if (!isLast && history.batches.length % 3 === 0) throw new Error('no answer')
    },
  }).catch(error => {
    if (!(error instanceof Dead)) throw error
    return undefined
  })
  for (const step of steps) {
    if (clock.isDead || !opened) break
    if (step.kind === 'clock') clock.nowMs += step.ms
    else if (step.kind === 'edge') clock.nowMs = nextClose(clock.nowMs) + step.ms
    else if (step.kind === 'settle') await settled(opened.pipeline, clock)
    else {
      const event = {
        id: random.uuid(),
        timestamp: clock.nowMs - step.ago,
        session_id: step.second ? sessionB : sessionA,
        event_type: step.type,
        data: datas[step.type]!(step.x),
      }
      history.latestMs = Math.max(history.latestMs, clock.nowMs)
      history.sent.push({ ...event, receivedMs: clock.nowMs } as Sent)
      opened.pipeline.receive({ event })
    }
  }
  history.nowMs = clock.nowMs
  if (isLast && opened) {
    await opened.pipeline.flushed()
    // No window begins further ahead.
    clock.nowMs = history.latestMs + 400_000
    const open = database.prepare('SELECT count(*) AS windows FROM windows WHERE state < 3')
    await until(() => open.get()!.windows === 0, 'the end of all windows')
    await opened.pipeline.stop(1_000)
  }
  clock.isDead = true
  return { database, clock }
}

/** Time to store, to close and to send what is due. */
async function settled(pipeline: Pipeline, clock: LifeClock): Promise<void> {
  await until(() => clock.isDead || pipeline.waiting().queueEvents + pipeline.waiting().spillEvents === 0)
  await new Promise(resolve => setTimeout(resolve, 8))
}

function nextClose(nowMs: number): number {
  return Math.floor((nowMs - latenessMs) / windowMs) * windowMs + windowMs + latenessMs
}

/** What the database holds, read apart from what sends it. */
async function storedIn(database: CaptureDatabase, sent: readonly Sent[]): Promise<Sent[]> {
  const byId = new Map(sent.map(event => [event.id, event]))
  const stored: Sent[] = []
  for (const row of database.prepare('SELECT * FROM event_blocks ORDER BY block_id').all()) {
    const place = blockPlace(
      Buffer.from(row.session_id as Uint8Array),
      row.window_start as number,
      row.block_id as number,
    )
    const run = decodeRunText(await openEnvelope(Buffer.from(row.payload as Uint8Array), place, testKeys))
    for (const { id } of run!) stored.push(byId.get(id)!)
  }
  // In the order of their arrival.
  const at = new Map(sent.map(({ id }, index) => [id, index]))
  return stored.sort((a, b) => at.get(a.id)! - at.get(b.id)!)
}

function checkAggregates(database: CaptureDatabase, stored: readonly Sent[]): void {
  for (const [span, spanMs] of Object.entries(spans) as [Span, number][]) {
    const rows = [...readAggregates(database, span, {})]
    const found = Object.fromEntries(rows.map(row => [`${row.sessionId} ${row.startMs}`, { ...row.counts }]))
    assert.deepEqual(found, countsBySpan(stored, spanMs), `CE7: ${span}`)
    for (const { events, keys, clicks, focusChanges, counts } of rows) {
      assert.equal(
        events,
        Object.values(counts).reduce((sum, count) => sum + count, 0),
      )
      assert.deepEqual(
        [keys, clicks, focusChanges],
        [counts.keystroke ?? 0, counts.mouse_click ?? 0, counts.window_focus ?? 0],
      )
    }
  }
}

async function livesOf(all: readonly Life[], check: (batches: EventBatch[], stored: Sent[]) => void): Promise<void> {
  const directory = mkdtempSync(join(fastDirectory, 'capture-'))
  const history: History = { sent: [], batches: [], nowMs: start + 1, latestMs: start + 1 }
  const random = seededRandom(all.length)
  try {
    for (const life of all) (await live(directory, life, history, false, random)).database.close()
    const { database } = await live(directory, { steps: [], crash: undefined }, history, true, random)
    const stored = await storedIn(database, history.sent)
    const batches = distinct(history.batches)
    checkBatches(batches, stored)
    check(batches, stored)
    checkAggregates(database, stored)
    database.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('CW1 CW2 CW4 CW5 CW6 CE7: whatever comes in whatever order and cut, and wherever the process ends, every stored event is in one batch of its window', async () => {
  await fc.assert(
    fc.asyncProperty(lives(forward), all => livesOf(all, checkWindows)),
    { numRuns: 25 },
  )
})

test('CW3 CW4 CE7: with a clock that goes back and forth every stored event is in one batch, and no window is sent twice', async () => {
  await fc.assert(
    fc.asyncProperty(lives(anyClock), all => livesOf(all, () => undefined)),
    { numRuns: 20 },
  )
})
