/** A real log in a temporary directory, time that stands still, and tables in memory that fail when they are told to. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Clock, seededRandom, type Timer } from '@chronicle/base'
import { type Log, openLog } from '@chronicle/log'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal, walProfiles } from '@chronicle/wal'
import type { LogMove, LogPosition, SwarmEvent } from '../../src/contract.ts'
import { observeErrors } from '../../src/errors.ts'
import { eventFromJson } from '../../src/event/index.ts'
import { deadLettersTopic, eventsTopic, OwnTopics } from '../../src/log/topics.ts'
import { type Pipeline, startPipeline } from '../../src/pipeline.ts'
import type { EventWriter, ProjectorSettings } from '../../src/projector-contract.ts'
import type { BatchReport } from '../../src/store/index.ts'

export const dayMs = 86_400_000
export const startMs = Date.UTC(2026, 10, 21, 9)

/** Time that stands still unless it is moved. */
export type TestClock = Clock & { advance(ms: number): void }

export function testClock(start = startMs): TestClock {
  let now = start
  const timers = new Set<{ at: number; every?: number; action: () => void }>()
  const add = (timer: { at: number; every?: number; action: () => void }): Timer => {
    timers.add(timer)
    return { cancel: () => void timers.delete(timer) }
  }
  return {
    now: () => now,
    monotonic: () => now,
    after: (delayMs, action) => add({ at: now + delayMs, action }),
    every: (intervalMs, action) => add({ at: now + intervalMs, every: intervalMs, action }),
    advance(ms) {
      now += ms
      for (const timer of [...timers]) {
        if (timer.at > now || !timers.has(timer)) continue
        if (timer.every) timer.at = now + timer.every
        else timers.delete(timer)
        timer.action()
      }
    },
  }
}

export function temporaryDirectory(context: Pick<TestContext, 'after'>): string {
  const directory = mkdtempSync(join(tmpdir(), 'chronicle-observe-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function openTestLog(directory: string, clock: Clock): Promise<Log> {
  const random = seededRandom(1)
  const registry = createRegistry()
  const limits = { ...walProfiles.low, chunkBytes: 64 * 1024, freeBytesMin: 0, prewriteBytes: 0 }
  const common = { disk: nodeDisk, clock, random, logger: silentLogger, registry }
  return openLog({
    ...common,
    directory,
    health: new Health(),
    settings: { retentionGrowthBytes: 4096 },
    openWal: args => openDiskWal({ ...common, directory: join(directory, 'wal'), limits, ...args }),
  })
}

/** One transaction: what it was given, and how far it moved each partition. */
export type Commit = {
  readonly eventIds: readonly string[]
  /** How many of them were new. */
  readonly fresh: number
  readonly moves: readonly LogMove[]
}

/** The topics that observe writes, of a log. */
export const topicsOf = (log: Log): OwnTopics => new OwnTopics({ log, retentionMs: 7 * dayMs, onMade: () => undefined })

/** What the tables hold, kept over restarts: events with the batch that brought them, and positions, changed together or not at all. */
export class MemoryTables implements EventWriter {
  readonly events: SwarmEvent[] = []
  readonly #ids = new Set<string>()
  readonly #positions = new Map<string, number>()
  /** Sizes of the batches that were committed. */
  readonly batches: number[] = []
  readonly commits: Commit[] = []
  asked = 0
  /** What becomes of the next write: 'lost' is committed, and the answer does not come. */
  fate: () => 'ok' | 'fail' | 'lost' | 'hang' = () => 'ok'

  async positions(): Promise<LogPosition[]> {
    this.asked++
    await this.#meet('ok')
    return [...this.#positions].map(([key, offset]) => {
      const [topicId, partition] = key.split('/') as [string, string]
      return { topicId, partition: Number(partition), offset }
    })
  }

  async write({ events, positions }: Parameters<EventWriter['write']>[0]): Promise<BatchReport> {
    const fate = this.fate()
    await this.#meet(fate)
    const isElsewhere = (move: LogMove): boolean => ![move.from, move.offset].includes(this.#positions.get(keyOf(move)))
    if (positions.some(isElsewhere)) throw observeErrors.create('observe.positions-moved')
    const fresh = events.filter(({ eventId }) => !this.#ids.has(eventId) && this.#ids.add(eventId))
    this.events.push(...fresh)
    this.batches.push(events.length)
    const moves = positions.map(move => ({ ...move, from: this.#positions.get(keyOf(move)) }))
    this.setPositions(positions)
    this.commits.push({ eventIds: events.map(({ eventId }) => eventId), fresh: fresh.length, moves })
    if (fate === 'lost') throw new Error('the connection broke after the commit')
    return {
      inserted: fresh.length,
      duplicates: events.length - fresh.length,
      expired: 0,
      deadLettered: 0,
      traceIds: [],
    }
  }

  position(topicId: string, partition = 0): number | undefined {
    return this.#positions.get(`${topicId}/${partition}`)
  }

  setPositions(positions: readonly LogPosition[]): void {
    for (const position of positions) this.#positions.set(keyOf(position), position.offset)
  }

  /** As a database does that fails over to a replica which had not got the last commits, or is restored from a backup. */
  loseLast(commits: number): void {
    for (let lost = 0; lost < commits; lost++) {
      const commit = this.commits.pop()
      if (commit === undefined) return
      for (const { eventId } of this.events.splice(this.events.length - commit.fresh)) this.#ids.delete(eventId)
      for (const move of commit.moves) {
        if (move.from === undefined) this.#positions.delete(keyOf(move))
        else this.#positions.set(keyOf(move), move.from)
      }
    }
  }

  async #meet(fate: ReturnType<MemoryTables['fate']>): Promise<void> {
    await setImmediate()
    if (fate === 'fail') throw new Error('the database is away')
    if (fate === 'hang') await Promise.withResolvers().promise
  }
}

const keyOf = ({ topicId, partition }: Omit<LogPosition, 'offset'>): string => `${topicId}/${partition}`

export type House = Pipeline & {
  readonly log: Log
  readonly clock: TestClock
  readonly health: Health
  readonly registry: ReturnType<typeof createRegistry>
  stop(): Promise<void>
}

export type Opening = {
  readonly directory: string
  readonly tables: EventWriter
  readonly clock?: TestClock
  readonly settings?: Partial<ProjectorSettings>
  readonly seed?: number
  /** Without the topics that observe writes, as at the first start. */
  readonly isBare?: boolean
}

/** All of the log side over the log in `directory`. */
export async function openHouse({
  directory,
  tables,
  clock = testClock(),
  settings,
  seed = 1,
  isBare = false,
}: Opening): Promise<House> {
  const log = await openTestLog(directory, clock)
  const topics = topicsOf(log)
  if (!isBare) for (const name of [eventsTopic, deadLettersTopic]) await topics.partition(name)
  const registry = createRegistry()
  const health = new Health()
  const inForce = {
    flushThreshold: 100,
    flushIntervalMs: 5000,
    bufferEventsMax: 10_000,
    overflow: 'back-pressure' as const,
    logRetentionMs: 7 * dayMs,
    ...settings,
  }
  const effects = { clock, random: seededRandom(seed), logger: silentLogger, registry, health }
  const pipeline = await startPipeline({ ...effects, log, writer: () => tables, settings: inForce })
  const stop = async (): Promise<void> => {
    await pipeline.stop()
    await log.close()
  }
  return { ...pipeline, log, clock, health, registry, stop }
}

/** Turns of the event loop until `isTrue`. What does not come in {@link turnsMax} of them does not come. */
export async function until(isTrue: () => boolean, what = isTrue.toString()): Promise<void> {
  for (let turn = 0; turn < turnsMax; turn++) {
    if (isTrue()) return
    await setImmediate()
  }
  throw new Error(`it did not happen: ${what}`)
}

/** Turns in which everything that is under way gets done, as long as no time passes. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await setImmediate()
}

const turnsMax = 200_000

/** The n-th event of a test. */
export function eventOf(n: number, more: Record<string, unknown> = {}): SwarmEvent {
  const event = eventFromJson(jsonOf(n, more), { receivedMicros: startMs * 1000, eventId: () => idOf(n) })
  if (!('eventId' in event)) throw new Error(event.detail)
  return event
}

export function jsonOf(n: number, more: Record<string, unknown> = {}): string {
  const event = { event_id: idOf(n), trace_id: `trace-${n % 7}`, source: 'scout', event_type: 'task.created', ...more }
  return JSON.stringify({ ...event, metadata: { n } })
}

export const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
export const eventsOf = (from: number, to: number): SwarmEvent[] =>
  Array.from({ length: to - from }, (_, at) => eventOf(from + at))
export const numbersOf = (events: readonly SwarmEvent[]): unknown[] => events.map(({ metadata }) => metadata.n)
