/** Screenshots from their event to their destruction: see the README for the life of one. */
import type { Clock, Random } from '@chronicle/base'
import { messageOf, type Timer } from '@chronicle/base'
import type { CheckResult, Logger, Registry } from '@chronicle/telemetry'
import type { ScreenshotReference } from '../contract.ts'
import { ScreenshotError } from '../errors.ts'
import type { PendingEvent } from '../event/check.ts'
import { isoFromMs } from '../event/timestamp.ts'
import { foreignReason } from '../foreign-reason.ts'
import type { ImageFormat } from '../image/format.ts'
import type { CaptureDatabase } from '../store/database.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import { decodeAbout } from './about.ts'
import type { HandedOn, ScreenshotLimits, ScreenshotTimes, ShotAbout, ShotPlace, ShotRecord } from './contract.ts'
import { registerShotMetrics, ShotCounts } from './counts.ts'
import type { Now } from './deadline.ts'
import type { ShotDisk } from './disk.ts'
import { ScreenshotIntake } from './intake.ts'
import { ShotJournal } from './journal.ts'
import { JournalWriter } from './journal-writer.ts'
import { ShotKeeper } from './keeper.ts'
import { ShotFiles } from './shot-files.ts'

/** How often it is looked whether something is due. */
const tickMs = 1000

export type ScreenshotOptions = {
  readonly database: CaptureDatabase
  /** Used by nobody else, and by one process at a time: what lies there at the start is removed. */
  readonly directory: string
  readonly disk: ShotDisk
  readonly keys: PayloadKeys
  readonly limits: ScreenshotLimits
  readonly times: ScreenshotTimes
  /** Keeps the last ones past their time, until the process ends. */
  readonly devMode: boolean
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  /** Gets each screenshot before its bytes are destroyed. */
  readonly handOn?: ((shot: HandedOn) => Promise<void>) | undefined
  /** Calls `action` in a later turn of the event loop. */
  readonly defer?: (action: () => void) => void
}

export class Screenshots {
  readonly #options: ScreenshotOptions
  readonly #files: ShotFiles
  readonly #journal: JournalWriter
  readonly #keeper: ShotKeeper
  readonly #intake: ScreenshotIntake
  readonly #counts = new ShotCounts()
  /** Files of an earlier process that cannot be removed yet. */
  #leftovers: string[] = []
  #timer: Timer | undefined

  private constructor(options: ScreenshotOptions, journal: ShotJournal) {
    const { handOn: take, ...rest } = options
    const { disk, directory, random, logger, registry, defer = setImmediate } = rest
    const now = (): Now => ({ wallMs: options.clock.now(), monotonicMs: options.clock.monotonic() })
    const handOn = take && { handOn: this.#handOn(take) }
    this.#options = options
    this.#files = new ShotFiles({ disk, directory, random })
    this.#journal = new JournalWriter(journal, logger)
    const shared = { ...rest, journal: this.#journal, files: this.#files, counts: this.#counts, now, defer }
    this.#keeper = new ShotKeeper({ ...shared, ...handOn })
    this.#intake = new ScreenshotIntake({ ...shared, keeper: this.#keeper })
    registerShotMetrics(registry, this.#counts, () => this.#keeper.bytes)
  }

  /** Removes what an earlier process left (CS4). Throws 'capture.screenshots-directory', `DatabaseError`. */
  static async open(options: ScreenshotOptions): Promise<Screenshots> {
    const journal = new ShotJournal(options.database)
    const screenshots = new Screenshots(options, journal)
    await screenshots.#sweep(journal)
    screenshots.#timer = options.clock.every(tickMs, () => void screenshots.#tick())
    return screenshots
  }

  /** See {@link ScreenshotIntake.accept}. */
  accept(event: PendingEvent, image: Uint8Array): Promise<PendingEvent> {
    return this.#intake.accept(event, image)
  }

  /** The bytes as they came, while they live. Rejects with 'capture.screenshot-deleted', 'capture.screenshot-unknown', 'capture.screenshot-damaged'. */
  read(id: string): Promise<Buffer> {
    return this.#keeper.read(id)
  }

  /** The analysis has no more use for these. Resolves when their bytes are gone; ids that are not known are passed over. */
  async analysed(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map(id => this.#keeper.analysed(id)))
  }

  placeOf(id: string): ShotPlace {
    return this.#keeper.placeOf(id)
  }

  /** As it was recognised. */
  formatOf(id: string): ImageFormat | undefined {
    return this.#recordOf(id)?.format
  }

  /** Of those that are known, in the order of the ids. */
  references(ids: readonly string[]): ScreenshotReference[] {
    return ids.flatMap(id => {
      const record = this.#recordOf(id)
      if (!record) return []
      const { capturedMs, sizeBytes, hash } = record
      const timestamp = isoFromMs(capturedMs)
      return [{ screenshot_id: record.id, timestamp, size_bytes: sizeBytes, place: this.placeOf(record.id), hash }]
    })
  }

  /** What is kept for ever; undefined of an id that is not known. */
  async info(id: string): Promise<(ShotRecord & ShotAbout) | undefined> {
    const record = this.#recordOf(id)
    return record && { ...record, ...(await this.#aboutOf(record)) }
  }

  metrics() {
    return { ...this.#counts.all, live: this.#keeper.count, bytes: this.#keeper.bytes }
  }

  health(): CheckResult {
    const { failure, waiting } = this.#journal
    if (failure)
      return { status: 'warn', reason: `${waiting} lines of the journal wait: ${failure.summary}. ${failure.remedy}` }
    if (this.#leftovers.length > 0) {
      const reason = `${this.#leftovers.length} sealed files of an earlier start cannot be removed: remove them from ${this.#options.directory}`
      return { status: 'warn', reason }
    }
    return { status: 'pass', reason: `${this.#keeper.count} screenshots are held` }
  }

  /** Destroys everything that is left. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    await this.#intake.stop()
    await this.#keeper.destroyAll('stopped')
    this.#journal.flush()
  }

  async #sweep(journal: ShotJournal): Promise<void> {
    const { clock, logger } = this.#options
    await this.#files.prepare()
    this.#leftovers = await this.#files.list()
    const files = this.#leftovers.length
    await this.#removeLeftovers()
    const screenshots = journal.interruptAll(clock.now())
    if (files + screenshots > 0) logger.info({ files, screenshots }, 'removed screenshots that a crash had left')
  }

  async #removeLeftovers(): Promise<void> {
    const left: string[] = []
    for (const id of this.#leftovers) {
      try {
        await this.#files.remove(id)
      } catch (error) {
        this.#options.logger.warn(
          { id, reason: messageOf(error) },
          'a sealed file of an earlier start cannot be removed yet',
        )
        left.push(id)
      }
    }
    this.#leftovers = left
  }

  async #tick(): Promise<void> {
    try {
      await this.#keeper.tick()
      if (this.#leftovers.length > 0) await this.#removeLeftovers()
    } catch (error) {
      this.#options.logger.error({ error }, 'screenshots that are due could not be deleted: tried again in a second')
    }
  }

  #recordOf(id: string): ShotRecord | undefined {
    return this.#keeper.get(id)?.record ?? this.#journal.find(id)
  }

  #aboutOf(record: ShotRecord): Promise<ShotAbout> {
    return decodeAbout(record.id, Buffer.from(record.about), this.#options.keys)
  }

  /** Ends in time and never rejects: what has to be destroyed does not wait for who would like to have it. */
  #handOn(take: (shot: HandedOn) => Promise<void>) {
    return async ({ record, image }: { readonly record: ShotRecord; readonly image: Buffer }): Promise<void> => {
      const { clock, limits, logger } = this.#options
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = clock.after(limits.handOnMsMax, () =>
        reject(new ScreenshotError('capture.screenshot-not-handed-on')),
      )
      try {
        const about = await this.#aboutOf(record)
        await Promise.race([take({ record, about, image }), late])
      } catch (error) {
        logger.warn(
          { id: record.id, reason: foreignReason(error) },
          'a screenshot was not handed on before its destruction',
        )
      } finally {
        timer.cancel()
      }
    }
  }
}
