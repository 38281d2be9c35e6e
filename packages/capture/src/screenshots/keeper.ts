/** Holds the bytes of screenshots: where they are, how many, and until when. */
import { messageOf } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { ScreenshotError } from '../errors.ts'
import type { DeletionReason, ScreenshotLimits, ShotPlace, ShotRecord } from './contract.ts'
import type { ShotCounts } from './counts.ts'
import { type Deadline, hasCome, type Now } from './deadline.ts'
import type { JournalWriter } from './journal-writer.ts'
import { Shot } from './shot.ts'
import type { ShotFiles } from './shot-files.ts'

/** Screenshots that `devMode` keeps. */
const keptShotsMax = 5
/** Attempts to remove a file when capture stops. */
const removalsMax = 3

export type KeeperOptions = {
  readonly files: ShotFiles
  readonly journal: JournalWriter
  readonly limits: ScreenshotLimits
  readonly devMode: boolean
  readonly logger: Logger
  readonly counts: ShotCounts
  now(): Now
  /** Gets the bytes before they are destroyed, where that is wanted. Never rejects, and ends in time. */
  readonly handOn?: (shot: { readonly record: ShotRecord; readonly image: Buffer }) => Promise<void>
}

export class ShotKeeper {
  readonly #options: KeeperOptions
  readonly #shots = new Map<string, Shot>()
  #waitingBytes = 0
  #memoryBytes = 0
  #filesBytes = 0

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#shots.size
  }

  /** Bytes that are held, in the clear and in files. */
  get bytes(): { readonly waiting: number; readonly memory: number; readonly files: number } {
    return { waiting: this.#waitingBytes, memory: this.#memoryBytes, files: this.#filesBytes }
  }

  get(id: string): Shot | undefined {
    return this.#shots.get(id)
  }

  hasRoomFor(bytes: number): boolean {
    return this.#waitingBytes + bytes <= this.#options.limits.waitingBytesMax
  }

  /** Takes `memory` over: nobody else may hold it. */
  admit(record: ShotRecord, memory: Buffer, deadline: Deadline): Shot {
    const shot = new Shot(record, memory, deadline)
    this.#shots.set(record.id, shot)
    this.#waitingBytes += memory.length
    this.#options.journal.note(record)
    return shot
  }

  /** Finds the place of one that was admitted, with what is known of it by now. Others may have to give way, the oldest first (CS5). */
  async place(shot: Shot, changes: Partial<ShotRecord>): Promise<void> {
    const { limits } = this.#options
    const { sizeBytes } = shot.record
    // What was measured of overwritten bytes says nothing.
    if (shot.memory === undefined) return
    shot.counted = 'memory'
    this.#waitingBytes -= sizeBytes
    this.#memoryBytes += sizeBytes
    this.#set(shot, 'placed', { ...changes, place: 'memory' })
    if (sizeBytes > limits.memoryShotBytesMax) await this.#moveToFile(shot)
    for (const other of this.#shots.values()) {
      if (this.#memoryBytes <= limits.memoryBytesMax) break
      if (other.counted === 'memory') await this.#moveToFile(other)
    }
  }

  /** The bytes, in memory of the caller's own. */
  async read(id: string): Promise<Buffer> {
    const shot = this.#shots.get(id)
    if (shot?.doom === undefined && shot?.memory) return Buffer.from(shot.memory)
    if (shot?.doom === undefined && shot?.file) {
      const bytes = await this.#options.files.read(id, shot.file).catch(error => {
        // It may have gone while it was read.
        throw shot.doom === undefined ? error : gone(id, shot.doom)
      })
      return bytes
    }
    const record = shot?.record ?? this.#options.journal.find(id)
    if (!record) throw new ScreenshotError('capture.screenshot-unknown', { id })
    throw gone(id, shot?.doom ?? record.reason)
  }

  placeOf(id: string): ShotPlace {
    const shot = this.#shots.get(id)
    return shot === undefined || shot.doom !== undefined ? 'deleted' : shot.record.place
  }

  /** The analysis is done with it. Again, or of one that is gone already, is nothing; one that is being handed on is waited for (CD2). */
  async analysed(id: string): Promise<void> {
    const shot = this.#shots.get(id)
    if (shot?.ending) return shot.ending
    if (!shot || shot.doom !== undefined || shot.record.state === 'analysed') return shot?.writing
    this.#set(shot, 'analysed')
    await this.#end(shot, 'analysed')
  }

  /** Deletes what is due, and tries again what could not be removed (CS2). */
  async tick(): Promise<void> {
    const now = this.#options.now()
    const isDue = (shot: Shot): boolean => !shot.isKept && !shot.ending && hasCome(shot.deadline, now)
    const due = [...this.#shots.values()].filter(shot => shot.doom !== undefined || isDue(shot))
    await Promise.all(due.map(shot => this.#end(shot, 'expired')))
    this.#options.journal.flush()
  }

  /** Destroys everything, and hands on before that what there is time for. A file that cannot be removed now has no key, and goes at the next start. */
  async destroyAll(reason: DeletionReason): Promise<void> {
    await this.#handOnAll(reason)
    for (let attempt = 0; attempt < removalsMax && this.#shots.size > 0; attempt++)
      await Promise.all([...this.#shots.values()].map(shot => this.destroy(shot, reason)))
  }

  /** First what opens it, then what is sealed, then the line that says so (CS3). */
  async destroy(shot: Shot, reason: DeletionReason): Promise<void> {
    shot.doom ??= reason
    this.#wipeMemory(shot)
    shot.file?.key.destroy()
    // Whoever writes the file looks at `doom` afterwards.
    if (shot.writing) return shot.writing
    if (!(await this.#removeFile(shot))) return
    if (!this.#shots.delete(shot.record.id)) return
    this.#options.counts.deleted(shot.doom)
    this.#set(shot, 'destroyed', { place: 'deleted', deletedMs: this.#options.now().wallMs, reason: shot.doom })
  }

  async #end(shot: Shot, reason: DeletionReason): Promise<void> {
    if (this.#options.devMode && shot.doom === undefined) await this.#keep(shot)
    else await this.#handOnAndDestroy(shot, reason)
  }

  async #handOnAndDestroy(shot: Shot, reason: DeletionReason): Promise<void> {
    if (!this.#options.handOn || shot.doom !== undefined) return this.destroy(shot, reason)
    shot.ending ??= this.#handOn(shot).then(() => this.destroy(shot, reason))
    await shot.ending
  }

  /** One after another: each is in memory as a whole meanwhile. */
  async #handOnAll(reason: DeletionReason): Promise<void> {
    const { handOn, limits, now } = this.#options
    const endMs = now().monotonicMs + limits.handOnMsMax
    for (const shot of handOn ? [...this.#shots.values()] : []) {
      if (now().monotonicMs >= endMs) return
      await this.#handOnAndDestroy(shot, reason)
    }
  }

  async #handOn(shot: Shot): Promise<void> {
    const image = await this.read(shot.record.id).catch(() => undefined)
    if (image) await this.#options.handOn?.({ record: shot.record, image })
    image?.fill(0)
  }

  /** CS6: the newest ones stay until others take their place. */
  async #keep(shot: Shot): Promise<void> {
    if (shot.isKept) return
    shot.isKept = true
    const kept = [...this.#shots.values()].filter(other => other.isKept && other.doom === undefined)
    const replaced = kept.slice(0, Math.max(0, kept.length - keptShotsMax))
    await Promise.all(replaced.map(other => this.#handOnAndDestroy(other, 'replaced')))
  }

  async #moveToFile(shot: Shot): Promise<void> {
    const { limits, logger } = this.#options
    const { id, sizeBytes } = shot.record
    if (shot.writing || !shot.memory) return
    if (this.#filesBytes + sizeBytes > limits.filesBytesMax) {
      logger.warn(
        { id, filesBytesMax: limits.filesBytesMax },
        'no room in files: the bytes of a screenshot are deleted',
      )
      return this.destroy(shot, 'no-room')
    }
    shot.writing = this.#writeFile(shot, shot.memory)
    await shot.writing
  }

  async #writeFile(shot: Shot, memory: Buffer): Promise<void> {
    const { files, logger } = this.#options
    const { id, sizeBytes } = shot.record
    shot.mayHaveFile = true
    this.#filesBytes += sizeBytes
    try {
      shot.file = await files.write(id, memory)
    } catch (error) {
      this.#filesBytes -= sizeBytes
      logger.warn({ id, reason: messageOf(error) }, 'the bytes of a screenshot could not be kept')
      shot.doom ??= 'no-room'
    }
    shot.writing = undefined
    if (shot.doom !== undefined) return this.destroy(shot, shot.doom)
    this.#wipeMemory(shot)
    this.#set(shot, 'placed', { place: 'file' })
  }

  #wipeMemory(shot: Shot): void {
    const bytes = shot.wipeMemory()
    if (shot.counted === 'waiting') this.#waitingBytes -= bytes
    else this.#memoryBytes -= bytes
  }

  /** False when it has to be tried again. */
  async #removeFile(shot: Shot): Promise<boolean> {
    const { files, logger } = this.#options
    const { id, sizeBytes } = shot.record
    if (!shot.mayHaveFile) return true
    try {
      await files.remove(id)
    } catch (error) {
      logger.warn({ id, reason: messageOf(error) }, 'a sealed file without its key cannot be removed yet')
      return false
    }
    if (shot.file) this.#filesBytes -= sizeBytes
    shot.file = undefined
    return true
  }

  #set(shot: Shot, event: 'placed' | 'analysed' | 'destroyed', changes: Partial<ShotRecord> = {}): void {
    shot.take(event, changes)
    this.#options.journal.note(shot.record)
  }
}

function gone(id: string, reason: DeletionReason | undefined): ScreenshotError {
  return new ScreenshotError('capture.screenshot-deleted', { id, reason })
}
