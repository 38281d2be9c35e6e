/**
 * One run: from a source to files in place, group by group. A group is committed when it is large, when nothing is left, when the time is up, and when it is
 * told to stop; only then is the source told (PA2). What fails in between leaves the archive as the last commit made it.
 */
import type { Clock, Random } from '@chronicle/base'
import type { Archive } from '../archive/archive.ts'
import type { ArchiveSettings } from '../archive/archive-settings.ts'
import type { CommittedGroup, EventSource, RunReport, SourceSlice } from '../archive/contract.ts'
import type { EncodedFrame } from '../frames/index.ts'
import type { EventColumns, Frame, Refusal } from '../intake/contract.ts'
import { decodeFrames } from '../intake/index.ts'
import { DayFiles, type OpenDay } from './day-files.ts'
import { DayCutter } from './day-runs.ts'
import type { Files } from './files.ts'
import { quarantineLine } from './quarantine-line.ts'
import { SessionOrder } from './session-order.ts'
import { SingleFiles } from './single-files.ts'
import { bytesOfRecord, type EventRecord, eventsOf } from './source-records.ts'
import { WorkerFiles } from './worker-files.ts'

/** Of a source in one group: a topic may have any number of them. */
export const groupBytesMax = 1024 * 1024 * 1024
export const sliceBytesMax = 4 * 1024 * 1024

export type DrainOptions = {
  readonly source: EventSource
  readonly archive: Archive
  readonly settings: ArchiveSettings
  readonly clock: Clock
  readonly random: Random
  /** A HEIF file of a frame, or why there is none. */
  readonly encodeFrame: (frame: Frame) => Promise<EncodedFrame | Refusal>
  /** Ends the run at a file boundary. */
  readonly signal?: AbortSignal
  /** Where files are made; a thread of their own where left out. */
  readonly files?: Files
  readonly onNotice?: (message: string, details: Readonly<Record<string, string | number>>) => void
  /** Is told of every commit, also by a run that fails afterwards. */
  readonly onCommit?: (committed: CommittedGroup) => void
}

export async function drain(options: DrainOptions): Promise<RunReport> {
  const files = options.files ?? new WorkerFiles(options.settings)
  try {
    return await new Run(options, files).drain()
  } finally {
    await files.close()
  }
}

type Count = Exclude<keyof CommittedGroup, 'storedMs'>

class Run {
  readonly #options: DrainOptions
  readonly #days: DayFiles
  readonly #singles: SingleFiles
  readonly #order = new SessionOrder()
  readonly #report = {
    eventsProcessed: 0,
    eventsFailed: 0,
    duplicates: 0,
    damagedRecords: 0,
    frames: 0,
    filesCreated: 0,
    bytesProcessed: 0,
  }
  /** What the report said at the last commit. */
  #told = { ...this.#report }
  /** When each file of the group was begun. */
  #begunMs: number[] = []
  readonly #cutter: DayCutter
  #group: { from: number; next: number; bytes: number } | undefined

  constructor(options: DrainOptions, files: Files) {
    this.#options = options
    this.#cutter = new DayCutter(options.archive.calendar)
    let id = 0
    const { archive, clock, settings } = options
    const nextId = () => {
      this.#begunMs.push(clock.monotonic())
      return id++
    }
    const shared = { archive, files, clock, maxFileBytes: settings.maxFileBytes, nextId }
    this.#days = new DayFiles(shared)
    this.#singles = new SingleFiles(shared)
  }

  async drain(): Promise<RunReport> {
    const { source, archive, clock } = this.#options
    const startMs = clock.monotonic()
    const committed = archive.committed(source.id)
    if (committed !== undefined) await source.skipTo(committed)
    let ended: RunReport['ended'] | undefined
    while (ended === undefined) {
      ended = this.#hindrance(startMs)
      if (ended !== undefined) break
      const slice = await this.#read()
      if (!slice) ended = 'drained'
      else await this.#take(slice)
      if (this.#group && this.#group.bytes >= groupBytesMax) await this.#commitAndRelease()
    }
    await this.#commitAndRelease()
    const { outOfOrder } = this.#order
    return { ...this.#report, outOfOrder, durationMs: clock.monotonic() - startMs, ended }
  }

  /**
   * A source that fails at a place may fail there for ever: what it gave before is packed. It is not told, for it may be another's by now: the next run
   * skips to the position in the manifest.
   */
  async #read(): Promise<SourceSlice | undefined> {
    try {
      return await this.#options.source.read(sliceBytesMax)
    } catch (error) {
      await this.#commit()
      throw error
    }
  }

  #hindrance(startMs: number): 'stopped' | 'time-limit' | undefined {
    const { signal, clock, settings } = this.#options
    if (signal?.aborted) return 'stopped'
    return clock.monotonic() - startMs >= settings.maxProcessingMs ? 'time-limit' : undefined
  }

  async #take({ records, damage, from, next }: SourceSlice): Promise<void> {
    this.#group ??= { from, next, bytes: 0 }
    this.#report.damagedRecords += damage.length
    for (const { position, reason, bytes } of damage) {
      await this.#refuse({ reason: 'torn-record', detail: reason, content: bytes }, position)
    }
    for (const record of records) {
      const bytes = bytesOfRecord(record)
      this.#report.bytesProcessed += bytes
      this.#group.bytes += bytes
      if (record.kind === 'frames') await this.#takeFrames(record.payload, record.position)
      else await this.#takeEvents(record)
    }
    this.#group.next = next
  }

  async #takeEvents(record: EventRecord): Promise<void> {
    for (const { columns, refusals } of eventsOf(record)) {
      await this.#pack(columns)
      for (const { refusal, position } of refusals) await this.#refuse(refusal, position)
    }
  }

  async #pack(columns: EventColumns): Promise<void> {
    this.#order.see(columns)
    for (const [day, runs] of this.#cutter.runsOf(columns)) {
      const open = await this.#days.day(day)
      for (const { from, to } of runs) await this.#packRun(open, columns, from, to)
    }
  }

  /** Appends all rows but duplicates (PA5), as few pieces as can be. */
  async #packRun(open: OpenDay, columns: EventColumns, from: number, to: number): Promise<void> {
    const { offsets, bytes } = columns.eventId
    let begin = from
    for (let row = from; row < to; row++) {
      if (this.#isNew(open, bytes, offsets[row]!, offsets[row + 1]!)) continue
      await this.#append(open, columns, begin, row)
      this.#report.duplicates++
      begin = row + 1
    }
    await this.#append(open, columns, begin, to)
  }

  async #append(open: OpenDay, columns: EventColumns, from: number, to: number): Promise<void> {
    this.#report.eventsProcessed += to - from
    await this.#days.append(open, columns, from, to)
  }

  #isNew(open: OpenDay, bytes: Uint8Array, from: number, end: number): boolean {
    return !this.#days.isElsewhere(open, bytes, from, end) && open.ids.add(bytes, from, end)
  }

  async #takeFrames(payload: Uint8Array, position: number): Promise<void> {
    const { frames, refusals } = decodeFrames(payload)
    for (const refusal of refusals) await this.#refuse(refusal, position)
    for (const frame of frames) {
      const open = await this.#days.day(this.#cutter.dayOf(frame.timestampNs))
      const id = Buffer.from(frame.eventId)
      if (this.#days.isElsewhere(open, id, 0, id.length) || open.ids.has(id, 0, id.length)) {
        this.#report.duplicates++
        continue
      }
      const encoded = await this.#options.encodeFrame(frame)
      if ('reason' in encoded) await this.#refuse(encoded, position)
      else {
        // Only now: a frame that is refused is no reason to drop a good one.
        open.ids.add(id, 0, id.length)
        const { bytes, width, height } = encoded
        await this.#singles.frame(frame.timestampNs, Uint8Array.from(bytes), { width, height })
        this.#report.frames++
      }
    }
  }

  /** Into the quarantine file of this group (PA6). */
  async #refuse(refusal: Refusal, position: number): Promise<void> {
    const { source, clock } = this.#options
    this.#report.eventsFailed++
    await this.#singles.quarantine(quarantineLine(refusal, source.id, position, new Date(clock.now()).toISOString()))
  }

  async #commitAndRelease(): Promise<void> {
    const next = this.#group?.next
    if (next === undefined) return
    await this.#commit()
    await this.#options.source.release(next)
  }

  async #commit(): Promise<void> {
    if (!this.#group) return
    const { archive, source } = this.#options
    const { from, next } = this.#group
    const [{ finished, ids }, singles] = [await this.#days.finish(), await this.#singles.finish()]
    const waiting = [...finished, ...singles].map(({ tempPath, file }) => {
      return { tempPath, file: { ...file, source: { id: source.id, from, to: next } } }
    })
    await source.settle?.()
    await archive.commit(waiting, ids, { id: source.id, position: next })
    this.#report.filesCreated += waiting.length
    this.#group = undefined
    this.#tell()
  }

  #tell(): void {
    const { clock, onCommit } = this.#options
    const now = clock.monotonic()
    const counts = Object.entries(this.#report).map(([name, count]) => [name, count - this.#told[name as Count]])
    const storedMs = this.#begunMs.map(begun => now - begun)
    this.#told = { ...this.#report }
    this.#begunMs = []
    onCommit?.({ ...(Object.fromEntries(counts) as Record<Count, number>), storedMs })
  }
}
