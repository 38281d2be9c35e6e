/** The log on a disk, open: takes entries, makes them durable group by group, reads them back. */
import { assert, messageOf } from '@chronicle/base'
import type { Slice, Wal } from './contract.ts'
import { entryBytes, entryHeaderBytes, entryKindMin, ownKinds, putEntryHeader } from './entry.ts'
import { walErrors } from './errors.ts'
import type { LogFiles } from './log-files.ts'
import { WalMetrics } from './metrics.ts'
import type { DiskWalOptions } from './options.ts'
import { emptySlice, Reader } from './reader.ts'
import { Space } from './space.ts'
import { Tail } from './tail.ts'
import { Writer } from './writer.ts'

/** What recovery hands over: all of it durable. */
export type Opened = {
  readonly files: LogFiles
  readonly salt: number
  readonly endLsn: number
  readonly sealed: boolean
}

type Group = PromiseWithResolvers<void>

/** Larger groups would make the unsynced field of an entry overflow; `checkWalLimits` keeps far below. */
const unsyncedMax = 0xffffffff
const streamMax = 0xffffffff
const noBytes = Buffer.alloc(0)

export class DiskWal implements Wal {
  readonly #options: DiskWalOptions
  readonly #files: LogFiles
  readonly #salt: number
  readonly #tail: Tail
  readonly #writer: Writer
  readonly #reader: Reader
  readonly #space: Space
  readonly #metrics: WalMetrics

  #durableLsn: number
  /** Everything below is written or being written; between this and `endLsn` the next group gathers. */
  #writtenLsn: number
  #endLsn: number
  #gatheredEntries = 0
  #committing = false
  #deferred = false
  #inFlight: Group | undefined
  #gathering: Group | undefined
  #idle: Group | undefined

  #refusal: Error | undefined
  #failed = false
  #waiting: Group | undefined
  #markArmed = false
  #appendedSinceMark = false
  #sealing: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #closed = false
  #trimming: Promise<void> = Promise.resolve()
  #trimLsn = 0
  #trimRefusal: Error | undefined

  constructor(options: DiskWalOptions, { files, salt, endLsn, sealed }: Opened) {
    const { limits, clock, registry } = options
    this.#options = options
    this.#files = files
    this.#salt = salt
    this.#durableLsn = this.#writtenLsn = this.#endLsn = endLsn
    if (sealed) this.#refusal = walErrors.create('wal.sealed', { lsn: endLsn })
    this.#tail = new Tail(limits.chunkBytes, limits.tailBytesMax)
    this.#writer = new Writer(files, limits, clock)
    this.#reader = new Reader(files, limits, clock, salt)
    this.#space = new Space(options, () => this.#wake())
    this.#metrics = new WalMetrics(registry, () => ({
      durableLsn: this.#durableLsn,
      endLsn: this.#endLsn,
      startLsn: this.startLsn,
      files: files.count,
      tailBytes: this.#tail.allocatedBytes,
      freeBytes: this.#space.freeBytes,
    }))
  }

  /** Looks at the disk's free space before the first append. */
  start(): Promise<void> {
    return this.#space.check()
  }

  get startLsn(): number {
    return this.#files.startLsn
  }

  get durableLsn(): number {
    return this.#durableLsn
  }

  get endLsn(): number {
    return this.#endLsn
  }

  get refusal(): Error | undefined {
    return this.#refusal
  }

  get hindrance(): Error | undefined {
    if (!this.#space.low) return undefined
    const { freeBytesMin } = this.#options.limits
    return walErrors.create('wal.disk-full', { freeBytes: this.#space.freeBytes, freeBytesMin })
  }

  get ready(): boolean {
    // A log that refuses holds nobody back: the next append says why.
    if (this.#refusal || this.#space.exhausted) return true
    return this.#endLsn - this.#durableLsn < this.#options.limits.unsyncedBytesReadyMax
  }

  whenReady(): Promise<void> {
    if (this.ready) return Promise.resolve()
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  append(stream: number, kind: number, payload: Uint8Array, payloadCrc: number, frees = false): number {
    if (this.#refusal) throw this.#refusal
    this.#check(stream, kind, payload.length, frees)
    return this.#put(stream, kind, payload, payloadCrc)
  }

  flushed(): Promise<void> {
    if (this.#durableLsn === this.#endLsn) return Promise.resolve()
    if (this.#failed) return Promise.reject(this.#refusal)
    if (this.#writtenLsn === this.#endLsn) this.#inFlight ??= newGroup()
    else this.#gathering ??= newGroup()
    return (this.#writtenLsn === this.#endLsn ? this.#inFlight! : this.#gathering!).promise
  }

  read(lsn: number, bytesMax: number, stream?: number): Slice | Promise<Slice> {
    if (this.#closed) throw walErrors.create('wal.closed')
    if (lsn < this.startLsn) throw walErrors.create('wal.trimmed', { lsn, startLsn: this.startLsn })
    if (!(lsn <= this.#durableLsn) || lsn % 8 !== 0) {
      throw walErrors.create('wal.invalid-position', { lsn, durableLsn: this.#durableLsn })
    }
    if (lsn === this.#durableLsn) return emptySlice(lsn)
    if (!this.#tail.begins(lsn)) throw walErrors.create('wal.invalid-position', { lsn })
    const recent = this.#tail.read(lsn, bytesMax, this.#durableLsn)
    if (recent) return recent
    return this.#readFile(lsn, bytesMax, stream)
  }

  seal(): Promise<void> {
    this.#sealing ??= this.#seal()
    return this.#sealing
  }

  trim(lsn: number): Promise<void> {
    this.#trimLsn = Math.max(this.#trimLsn, Math.min(lsn, this.#durableLsn))
    // Each trim goes on from where the one before left off, whatever became of it.
    const trimmed = this.#trimming.then(() => this.#trim())
    this.#trimming = trimmed.catch(() => {})
    return trimmed
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** W10: whatever is refused is refused before anything of it is taken. */
  #check(stream: number, kind: number, length: number, frees: boolean): void {
    const { payloadBytesMax, unsyncedBytesMax } = this.#options.limits
    if (!(Number.isInteger(stream) && stream >= 0 && stream <= streamMax)) {
      throw walErrors.create('wal.invalid-entry', { stream })
    }
    if (!(Number.isInteger(kind) && kind >= entryKindMin && kind <= 0xff)) {
      throw walErrors.create('wal.invalid-entry', { kind })
    }
    if (length > payloadBytesMax) throw walErrors.create('wal.entry-too-large', { bytes: length, payloadBytesMax })
    const unsynced = this.#endLsn - this.#durableLsn
    if (unsynced > 0 && unsynced + entryBytes(length) > unsyncedBytesMax) {
      throw walErrors.create('wal.full', { unsyncedBytes: unsynced, unsyncedBytesMax })
    }
    if (frees ? this.#space.exhausted : this.#space.low) throw this.hindrance
  }

  /** Copies one entry to the end of memory and sees to it that it will be written. */
  #put(stream: number, kind: number, payload: Uint8Array, payloadCrc: number): number {
    const lsn = this.#endLsn
    const bytes = entryBytes(payload.length)
    const unsynced = lsn - this.#durableLsn
    assert(unsynced <= unsyncedMax, 'unsynced bytes are bounded')
    const chunk = this.#tail.reserve(bytes, lsn, this.#durableLsn)
    const start = chunk.used
    putEntryHeader(chunk.bytes, start, this.#salt, lsn, unsynced, stream, kind, payload.length, payloadCrc)
    chunk.bytes.set(payload, start + entryHeaderBytes)
    for (let at = start + entryHeaderBytes + payload.length; at < start + bytes; at++) chunk.bytes[at] = 0
    chunk.used += bytes
    this.#endLsn = lsn + bytes
    this.#gatheredEntries++
    this.#appendedSinceMark = true
    // While a sync is in flight the group gathers until it ends; while none is, until what is ready to run has run.
    if (!this.#committing && !this.#deferred) {
      this.#deferred = true
      const { defer = setImmediate } = this.#options
      defer(this.#startCommitting)
    }
    return lsn
  }

  readonly #startCommitting = (): void => {
    this.#deferred = false
    if (!this.#failed && !this.#committing && this.#writtenLsn < this.#endLsn) void this.#commitAll()
  }

  /** Writes group after group until nothing has gathered. Never rejects: a failure fails the log. */
  async #commitAll(): Promise<void> {
    this.#committing = true
    try {
      while (this.#writtenLsn < this.#endLsn) await this.#commitGroup()
    } catch (error) {
      this.#fail(error)
    }
    this.#committing = false
    this.#idle?.resolve()
    this.#idle = undefined
    if (!this.#failed) this.#armMark()
  }

  async #commitGroup(): Promise<void> {
    const fromLsn = this.#writtenLsn
    const toLsn = this.#endLsn
    const entries = this.#gatheredEntries
    this.#inFlight = this.#gathering
    this.#gathering = undefined
    this.#gatheredEntries = 0
    this.#writtenLsn = toLsn
    const startedAt = this.#options.clock.monotonic()
    await this.#writer.write(this.#tail.pieces(fromLsn, toLsn), fromLsn, toLsn)
    this.#metrics.syncSeconds.observe((this.#options.clock.monotonic() - startedAt) / 1000)
    this.#metrics.groupBytes.observe(toLsn - fromLsn)
    this.#metrics.groupEntries.observe(entries)
    this.#metrics.appendedBytes.inc(toLsn - fromLsn)
    this.#durableLsn = toLsn
    this.#space.noteWritten(toLsn - fromLsn)
    // Readers first, then those who wait for their own entries (W1): whoever is answered finds the entry readable.
    this.#options.events.onDurable(toLsn)
    const settled = this.#inFlight
    this.#inFlight = undefined
    settled?.resolve()
    this.#wake()
  }

  /** W2: from here on nothing is written, and no later sync is believed. */
  #fail(cause: unknown): void {
    this.#failed = true
    const details = { durableLsn: this.#durableLsn, cause: messageOf(cause) }
    const error = walErrors.create('wal.failed', details, cause)
    this.#refusal = error
    this.#metrics.failed('commit')
    this.#options.logger.error({ ...details, directory: this.#options.directory }, 'the write-ahead log has failed')
    this.#inFlight?.reject(error)
    this.#gathering?.reject(error)
    this.#inFlight = this.#gathering = undefined
    this.#options.events.onFailed(error)
    this.#wake()
  }

  #wake(): void {
    if (!this.#waiting || !this.ready) return
    this.#waiting.resolve()
    this.#waiting = undefined
  }

  #readFile(lsn: number, bytesMax: number, stream: number | undefined): Slice | Promise<Slice> {
    const failed = (error: unknown): never => {
      this.#metrics.failed('read')
      this.#options.logger.error({ lsn, error: messageOf(error) }, 'reading the write-ahead log failed')
      throw error
    }
    try {
      const slice = this.#reader.read(lsn, bytesMax, stream, this.#durableLsn)
      return slice instanceof Promise ? slice.catch(failed) : slice
    } catch (error) {
      return failed(error)
    }
  }

  /** After a quiet while a mark goes into the log: it proves to recovery that all before it was durable (W5). */
  #armMark(): void {
    if (this.#markArmed || !this.#appendedSinceMark || this.#refusal) return
    this.#markArmed = true
    const lsn = this.#endLsn
    this.#options.clock.after(this.#options.limits.markDelayMs, () => {
      this.#markArmed = false
      if (this.#refusal || this.#space.low) return
      if (lsn === this.#endLsn && !this.#committing) this.#putOwn(ownKinds.mark)
      else if (!this.#committing) this.#armMark()
    })
  }

  #putOwn(kind: number): void {
    this.#put(0, kind, noBytes, 0)
    if (kind === ownKinds.mark) this.#appendedSinceMark = false
  }

  async #seal(): Promise<void> {
    if (this.#refusal) {
      if (walErrors.is(this.#refusal) && this.#refusal.code === 'wal.sealed') return
      throw this.#refusal
    }
    // W9: refused from this instant on; the seal comes after all that was accepted before.
    this.#putOwn(ownKinds.seal)
    this.#refusal = walErrors.create('wal.sealed', { lsn: this.#endLsn })
    const flushed = this.flushed()
    this.#wake()
    await flushed
  }

  async #trim(): Promise<void> {
    while (this.#files.count > 1 && this.#files.find(this.startLsn).endLsn <= this.#trimLsn) {
      if (this.#trimRefusal) throw this.#trimRefusal
      if (this.#closed || this.#failed) return
      try {
        await this.#files.dropOldest()
      } catch (error) {
        // A file whose going is not known to be durable must not be outlived by a younger one that goes (W5).
        this.#trimRefusal = walErrors.create('wal.failed', { startLsn: this.startLsn, cause: messageOf(error) }, error)
        this.#metrics.failed('trim')
        throw this.#trimRefusal
      }
    }
  }

  async #close(): Promise<void> {
    if (!this.#refusal) {
      this.#putOwn(ownKinds.close)
      this.#refusal = walErrors.create('wal.closed')
    }
    this.#wake()
    try {
      await this.flushed()
    } catch (error) {
      // Those who waited for their entries have been told; the log is let go of all the same.
      this.#options.logger.error({ error: messageOf(error) }, 'the write-ahead log was closed after it had failed')
    }
    if (this.#committing) await (this.#idle ??= Promise.withResolvers()).promise
    this.#closed = true
    this.#space.stop()
    await this.#trimming
    this.#files.closeAll()
    this.#tail.release()
  }
}

function newGroup(): Group {
  const group = Promise.withResolvers<void>()
  // Entries of which nobody awaits the outcome: `onFailed` and `refusal` tell as well.
  group.promise.catch(() => {})
  return group
}
