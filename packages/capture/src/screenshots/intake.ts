/** The way of a screenshot from its event into the keeper: checked, copied, measured, put in its place. One at a time is measured; the others wait. */
import { messageOf, type Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { ResourceLimitError, ScreenshotError } from '../errors.ts'
import type { PendingEvent } from '../event/check.ts'
import { imageHash } from '../image/image-hash.ts'
import { measureImage } from '../image/measure-image.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import { encodeAbout } from './about.ts'
import { mebibyte, type ScreenshotLimits, type ScreenshotTimes, type ShotRecord } from './contract.ts'
import type { ShotCounts } from './counts.ts'
import { deadlineOf, type Now } from './deadline.ts'
import { saidOf, withKnown } from './described.ts'
import type { JournalWriter } from './journal-writer.ts'
import type { ShotKeeper } from './keeper.ts'
import type { Shot } from './shot.ts'

export type IntakeOptions = {
  readonly keeper: ShotKeeper
  readonly journal: JournalWriter
  readonly keys: PayloadKeys
  readonly limits: ScreenshotLimits
  readonly times: ScreenshotTimes
  readonly random: Random
  readonly logger: Logger
  readonly counts: ShotCounts
  now(): Now
  /** Calls `action` in a later turn of the event loop. */
  defer(action: () => void): void
}

export class ScreenshotIntake {
  readonly #options: IntakeOptions
  #turn: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /**
   * Takes a copy of `image` before it returns, so the publisher may use its memory again. Resolves with the event as it is to be stored: without the image, with what is
   * known of it. A screenshot whose bytes cannot be kept is still an event. Rejects where that is not accepted either: `ResourceLimitError`, 'capture.screenshot-id-taken',
   * 'capture.screenshots-stopped', and `DatabaseError` where the journal cannot be read.
   */
  async accept(event: PendingEvent, image: Uint8Array): Promise<PendingEvent> {
    const { keeper, journal, counts } = this.#options
    try {
      this.#checkLimits(image)
      const record = this.#recordOf(event, image)
      const live = keeper.get(record.id)
      const known = live?.record ?? journal.find(record.id)
      if (known) return await this.#repeated(event, record, known, live)
      if (keeper.hasRoomFor(image.length)) return withKnown(event, await this.#keep(event, record, image))
      return withKnown(event, this.#passOver(record))
    } catch (error) {
      counts.refused(error)
      throw error
    }
  }

  /** Accepts no more, and resolves when all that was accepted has its place. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#turn
  }

  #checkLimits(image: Uint8Array): void {
    const { limits, journal } = this.#options
    if (this.#isStopped) throw new ScreenshotError('capture.screenshots-stopped')
    if (image.length > limits.shotBytesMax)
      throw new ResourceLimitError(
        'capture.limit-screenshot-size',
        'screenshot_max_mb',
        image.length / mebibyte,
        limits.shotBytesMax / mebibyte,
      )
    if (journal.waiting >= limits.journalLinesMax)
      throw new ResourceLimitError(
        'capture.limit-screenshot-journal',
        'journalLinesMax',
        journal.waiting,
        limits.journalLinesMax,
      )
  }

  #recordOf(event: PendingEvent, image: Uint8Array): ShotRecord {
    const { keys, random, logger } = this.#options
    const { id, about, privacyMasked } = saidOf(event)
    // The key in hand stays good; the vault is told again with the next one.
    keys.used(1).catch(error => logger.warn({ reason: messageOf(error) }, 'the use of a key could not be counted'))
    return {
      id,
      eventId: event.id,
      sessionId: event.sessionId,
      capturedMs: event.timestamp,
      state: 'captured',
      place: 'memory',
      sizeBytes: image.length,
      hash: imageHash(image),
      privacyMasked,
      about: encodeAbout(id, about, keys, random),
    }
  }

  async #repeated(event: PendingEvent, came: ShotRecord, known: ShotRecord, live: Shot | undefined) {
    // CS9
    if (known.hash !== came.hash) throw new ScreenshotError('capture.screenshot-id-taken', { id: came.id })
    this.#options.counts.repeated++
    await live?.placed.promise
    return withKnown(event, live?.record ?? known)
  }

  /** Keeps what is known without the pixels, for there is no room for them. */
  #passOver(came: ShotRecord): ShotRecord {
    const { journal, counts, logger, limits } = this.#options
    const deletedMs = this.#options.now().wallMs
    const record: ShotRecord = { ...came, state: 'deleted', place: 'deleted', reason: 'no-room', deletedMs }
    counts.deleted('no-room')
    logger.warn(
      { id: came.id, waitingBytesMax: limits.waitingBytesMax },
      'screenshots come faster than they are measured: the bytes of one are deleted',
    )
    journal.note(record)
    return record
  }

  async #keep(event: PendingEvent, record: ShotRecord, image: Uint8Array): Promise<ShotRecord> {
    const { keeper, times } = this.#options
    const copy = Buffer.allocUnsafeSlow(image.length)
    copy.set(image)
    this.#options.counts.kept++
    // From the moment at which it came: waiting does not put it off.
    const shot = keeper.admit(record, copy, deadlineOf(event.timestamp, this.#options.now(), times))
    this.#turn = this.#turn.then(() => this.#measureAndPlace(shot))
    await this.#turn
    return shot.record
  }

  /** Never rejects: a screenshot that fails does not hold up the next one. */
  async #measureAndPlace(shot: Shot): Promise<void> {
    const { keeper, limits, logger } = this.#options
    try {
      await keeper.place(shot, await this.#measured(shot, limits))
    } catch (error) {
      logger.error({ error, id: shot.record.id }, 'a screenshot could not be put in its place')
      // The next tick tries again what does not succeed now.
      await keeper.destroy(shot, 'no-room').catch(() => undefined)
    } finally {
      shot.placed.resolve()
    }
  }

  async #measured(shot: Shot, limits: ScreenshotLimits): Promise<Partial<ShotRecord>> {
    // Its time was over while it waited.
    if (shot.memory === undefined) return {}
    const pause = (): Promise<void> => new Promise(resolve => this.#options.defer(resolve))
    const bounds = { pixelsMax: limits.imagePixelsMax, secondsMax: limits.imageSecondsMax }
    const { refusal, ...facts } = await measureImage(shot.memory, bounds, pause)
    return { ...facts, ...(refusal && { refusal: refusal.reason }) }
  }
}
