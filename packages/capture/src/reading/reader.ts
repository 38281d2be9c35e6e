/** A database of capture for who only looks: beside a process that writes it, and where nothing can be written. */
import { type Clock, type Random, systemClock, systemRandom } from '@chronicle/base'
import type { Vault } from '@chronicle/vault'
import { keysToRead } from '../own-vault.ts'
import { pathsBeside } from '../paths.ts'
import { CaptureDatabase } from '../store/database.ts'
import { noPayloadKeys } from '../store/payload-keys.ts'
import { readAggregates } from './aggregates.ts'
import type {
  AggregateRecord,
  AggregateSpan,
  EventFilter,
  EventRecord,
  ReadRange,
  ScreenshotRecord,
  WindowFilter,
  WindowRecord,
  WindowTotals,
} from './contract.ts'
import { readEvents } from './events.ts'
import { readScreenshots } from './screenshots.ts'
import { sessionsBeginning } from './sessions.ts'
import { activityOf, readWindows, totalsOf, type WindowOrder } from './windows.ts'

export type CaptureReaderOptions = {
  /** The file of the database. */
  readonly path: string
  /** Of a program that brought one to `StorageModule`. Otherwise the keys beside the database open what is sealed, once something is. */
  readonly vault?: Vault | undefined
  /** Names the file that records the use of those keys where their own log cannot be written: without it they are not given out then. */
  readonly auditElsewhere?: (() => string) | undefined
  readonly clock?: Clock
  readonly random?: Random
}

export type CaptureReader = {
  readonly path: string
  /** As they stand: those of the newest end come first, or last. */
  windows(filter?: WindowFilter, order?: WindowOrder): Iterable<WindowRecord>
  totals(filter?: WindowFilter): WindowTotals
  /** Events of the windows that begin in each stretch of `stepMs`, from `fromMs` up to `toMs`. */
  activity(filter: WindowFilter & { readonly fromMs: number; readonly toMs: number }, stepMs: number): number[]
  /** By time, in portions. Each event that was stored before, and that retention leaves, comes exactly once. */
  events(filter?: EventFilter): AsyncIterable<readonly EventRecord[]>
  aggregates(span: AggregateSpan, range?: ReadRange): Iterable<AggregateRecord>
  /** By the times of capture. */
  screenshots(range?: ReadRange): AsyncIterable<ScreenshotRecord>
  /** Ids of sessions that begin so. */
  sessionsBeginning(text: string): string[]
  close(): Promise<void>
}

/** Throws `DatabaseError`: 'capture.database-missing', '…-foreign', '…-newer', '…-older', '…-unusable'. No key is opened yet. */
export function openCaptureReader(options: CaptureReaderOptions): CaptureReader {
  const { path, vault, auditElsewhere, clock = systemClock, random = systemRandom } = options
  const database = CaptureDatabase.open({ path, readOnly: true })
  const directory = pathsBeside(path).vault
  const own = vault ? undefined : keysToRead({ directory, auditElsewhere, clock, random })
  const keys = own?.keys ?? noPayloadKeys(vault)
  return {
    path,
    windows: (filter = {}, order = 'oldest-first') => readWindows(database, filter, order),
    totals: (filter = {}) => totalsOf(database, filter),
    activity: (filter, stepMs) => activityOf(database, filter, stepMs),
    events: (filter = {}) => readEvents(database, keys, filter),
    aggregates: (span, range = {}) => readAggregates(database, span, range),
    screenshots: (range = {}) => readScreenshots(database, keys, range),
    sessionsBeginning: text => sessionsBeginning(database, text),
    async close() {
      database.close()
      await own?.close()
    },
  }
}
