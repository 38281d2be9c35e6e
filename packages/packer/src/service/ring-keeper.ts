import type { Clock, Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { packerErrors } from '../errors.ts'
import type { RingStatus } from '../ring/contract.ts'
import { createRing } from '../ring/create.ts'
import { ringStatus } from '../ring/status.ts'

export type RingKeeperOptions = {
  readonly path: string
  readonly capacityBytes: number
  readonly backpressureThreshold: number
  readonly writeTimeoutMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/**
 * Keeps a ring in its place. Between runs nobody here has it open, and whoever cleans temporary directories may take it: a ring that is gone is made
 * anew, so that recorders find one.
 */
export class RingKeeper {
  readonly #options: RingKeeperOptions
  #id: string | undefined
  /** Of this ring, when it was seen first. */
  #lostBefore = 0
  #lost = 0
  /** Why this ring is not the one that was there before, until a recorder has it. */
  #notice: string | undefined

  constructor(options: RingKeeperOptions) {
    this.#options = options
  }

  /** Throws a `packer.ring-…` error where there is none. */
  status(): RingStatus {
    const { path, logger, clock } = this.#options
    const status = ringStatus(path)
    if (this.#id !== undefined && status.id !== this.#id) {
      this.#notice = `the ring was removed or replaced, as was seen at ${new Date(clock.now()).toISOString()}`
      logger.warn({ ring: path, id: status.id, before: this.#id }, 'the ring is another one than before')
    }
    if (status.id !== this.#id) this.#lostBefore = status.lostRecords
    this.#id = status.id
    this.#lost = status.lostRecords
    if (status.writerPid !== undefined) this.#notice = undefined
    return status
  }

  /** What a person should know of the ring although it works. */
  notice(): string | undefined {
    if (this.#notice) return `${this.#notice}: start the recorder again, for it may write into the old one`
    const lost = this.#lost - this.#lostBefore
    if (lost <= 0) return undefined
    const records = lost === 1 ? '1 record was' : `${lost} records were`
    return `${records} lost to a full ring since the packer started: give ring_buffer.size more, or scheduling.backup_threshold less`
  }

  /** Makes the ring where there is none; leaves alone whatever else is there. */
  async mend(): Promise<void> {
    const { path, capacityBytes, logger } = this.#options
    if (!this.#isMissing()) return
    if (!(await createRing(this.#options))) return
    if (this.#id === undefined) logger.info({ ring: path, capacityBytes }, 'a ring was made')
    else
      logger.warn(
        { ring: path, capacityBytes },
        'the ring was gone and is made anew; what was in it and not packed is lost',
      )
  }

  #isMissing(): boolean {
    try {
      ringStatus(this.#options.path)
      return false
    } catch (error) {
      return packerErrors.is(error) && error.code === 'packer.ring-missing'
    }
  }
}
