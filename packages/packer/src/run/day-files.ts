/** The files of events that are open, one for each day that comes up, and the ids of those days. */
import type { Clock } from '@chronicle/base'
import type { Archive, WaitingFile } from '../archive/archive.ts'
import type { ArchivedFile } from '../archive/contract.ts'
import type { IdSet } from '../archive/id-set.ts'
import type { EventColumns } from '../intake/contract.ts'
import { EventBatch } from '../intake/event-batch.ts'
import type { BuiltFile } from './file-builder.ts'
import type { Files } from './files.ts'

/** Days with a file and ids in memory. Another one closes that which was used least recently. */
export const openDaysMax = 4
/** Of events that are gathered before they go to the thread that writes. */
export const batchBytesMax = 256 * 1024
const appendRowsMax = 1024
/** What a row takes in indexes and bloom filters at most. */
const rowOverheadBytes = 16

export type OpenDay = {
  readonly day: string
  readonly ids: IdSet
  readonly batch: EventBatch
  file: OpenFile | undefined
}
type OpenFile = {
  readonly id: number
  readonly path: string
  readonly tempPath: string
  readonly keyId: string | undefined
}
/** A finished file, but for what only the commit knows. */
export type FinishedFile = Omit<WaitingFile, 'file'> & { readonly file: Omit<ArchivedFile, 'source'> }

export type DayFilesOptions = {
  readonly archive: Archive
  readonly files: Files
  readonly clock: Clock
  readonly maxFileBytes: number
  readonly nextId: () => number
}

export class DayFiles {
  readonly #options: DayFilesOptions
  /** The least recently used one first. */
  readonly #open = new Map<string, OpenDay>()
  readonly #spilledIds = new Map<string, string>()
  #finished: Promise<FinishedFile>[] = []

  constructor(options: DayFilesOptions) {
    this.#options = options
  }

  async day(day: string): Promise<OpenDay> {
    const open = this.#open.get(day) ?? { day, ids: await this.#ids(day), batch: new EventBatch(), file: undefined }
    this.#open.delete(day)
    this.#open.set(day, open)
    if (this.#open.size > openDaysMax) await this.#spill(this.#open.values().next().value!)
    return open
  }

  /** Whether another day that is open has this id. */
  isElsewhere(open: OpenDay, bytes: Uint8Array, from: number, end: number): boolean {
    if (this.#open.size === 1) return false
    for (const other of this.#open.values()) if (other !== open && other.ids.has(bytes, from, end)) return true
    return false
  }

  async append(open: OpenDay, columns: EventColumns, from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += appendRowsMax) {
      open.batch.append(columns, at, Math.min(to, at + appendRowsMax))
      if (open.batch.bytes >= Math.min(batchBytesMax, this.#options.maxFileBytes / 8)) await this.#flush(open)
    }
  }

  /** Ends all files. What is returned is whole and verified; ids lie in temp. */
  async finish(): Promise<{ finished: FinishedFile[]; ids: Map<string, string> }> {
    for (const open of this.#open.values()) {
      await this.#flush(open)
      this.#end(open)
    }
    const finished = await Promise.all(this.#finished)
    this.#finished = []
    for (const { day, ids } of this.#open.values())
      this.#spilledIds.set(day, await this.#options.archive.writeIds(day, ids))
    const ids = new Map(this.#spilledIds)
    this.#spilledIds.clear()
    return { finished, ids }
  }

  async #spill(open: OpenDay): Promise<void> {
    await this.#flush(open)
    this.#end(open)
    this.#open.delete(open.day)
    this.#spilledIds.set(open.day, await this.#options.archive.writeIds(open.day, open.ids))
  }

  async #ids(day: string): Promise<IdSet> {
    const { archive } = this.#options
    const tempPath = this.#spilledIds.get(day)
    if (tempPath === undefined) return archive.idsOf(day)
    const ids = await archive.readIds(tempPath, archive.idsPath(day))
    this.#spilledIds.delete(day)
    archive.removeTemp(tempPath)
    return ids
  }

  async #flush(open: OpenDay): Promise<void> {
    if (open.batch.rows === 0) return
    const { files, maxFileBytes } = this.#options
    const bytes = open.batch.bytes + open.batch.rows * rowOverheadBytes
    if (open.file && files.bytesAtMost(open.file.id) + bytes > maxFileBytes) this.#end(open)
    const columns = open.batch.take()
    open.file ??= await this.#begin(columns.timestampNs[0]!)
    await files.events(open.file.id, columns, bytes)
  }

  async #begin(firstNs: bigint): Promise<OpenFile> {
    const { archive, files, nextId } = this.#options
    const moment = archive.calendar.wallOf(firstNs)
    const key = await archive.keyFor(moment.day)
    const file = {
      id: nextId(),
      path: archive.reserve('parquet', moment),
      tempPath: archive.tempPath(),
      keyId: key?.id,
    }
    files.begin(file.id, { tempPath: file.tempPath, place: file.path, sealedKind: 'parquet', content: 'events', key })
    return file
  }

  #end(open: OpenDay): void {
    if (!open.file) return
    const { files, clock, archive } = this.#options
    const { id, path, tempPath, keyId } = open.file
    const createdAt = new Date(clock.now()).toISOString()
    const finished = files.finish(id).then(built => ({
      tempPath,
      file: { path, kind: 'parquet' as const, ...entryOf(built), algorithm: archive.algorithm, keyId, createdAt },
    }))
    // Awaited at the commit; until then nobody else looks at it.
    finished.catch(() => undefined)
    this.#finished.push(finished)
    open.file = undefined
  }
}

function entryOf({ rows, bytes, first, last, checksum }: BuiltFile) {
  return { rows, bytes, firstTimestampNs: `${first}`, lastTimestampNs: `${last}`, checksum }
}
