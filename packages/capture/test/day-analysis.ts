/** A program that takes batches: mostly at once, sometimes not, sometimes it does not answer for long. What it does follows from the batch, so that it does the same again. */
import { crc32 } from 'node:zlib'
import type { Clock } from '@chronicle/base'
import type { EventBatch, StorageModule } from '../src/index.ts'
import type { DayModel } from './day-model.ts'
import type { DayShots } from './day-shots.ts'

/** Longer than the answer is waited for. */
const silentMsMin = 31_000
const silentMsMore = 120_000

export class DayAnalysis {
  readonly #storage: StorageModule
  readonly #model: DayModel
  readonly #shots: DayShots
  readonly #clock: Clock
  readonly #tries: Map<string, number>
  /** What happens by real time. */
  busy = 0
  failure: unknown
  #isOver = false

  /** `tries` goes from one process to the next. */
  constructor(storage: StorageModule, model: DayModel, shots: DayShots, clock: Clock, tries: Map<string, number>) {
    this.#storage = storage
    this.#model = model
    this.#shots = shots
    this.#clock = clock
    this.#tries = tries
    storage.bus.subscribeBatches(batch => this.#take(batch))
  }

  /** Takes nothing more, and looks at nothing. */
  end(): void {
    this.#isOver = true
  }

  async #take(batch: EventBatch): Promise<void> {
    if (this.#isOver) throw new Error('nobody is there any more')
    await this.#working(() => this.#look(batch))
    const tries = this.#tries.get(batch.batch_id) ?? 0
    this.#tries.set(batch.batch_id, tries + 1)
    const mood = crc32(`${batch.batch_id} ${tries}`) % 100
    if (mood < 4) throw new Error('not now')
    if (mood === 4) return this.#pause(silentMsMin + mood * (silentMsMore / 100))
    await this.#working(() => this.#answer(batch, mood))
    this.#model.taken(batch)
  }

  async #look(batch: EventBatch): Promise<void> {
    this.#model.batch(batch)
    await this.#shots.checkBatch(batch, this.#storage)
  }

  /** Done with its screenshots at once, or after a while, or never. */
  async #answer(batch: EventBatch, mood: number): Promise<void> {
    const ids = batch.screenshots.map(({ screenshot_id: id }) => id)
    if (mood < 50) return this.#shots.analysed(this.#storage, ids)
    if (mood > 70 || ids.length === 0) return
    this.#clock.after(10_000, () => void this.#working(() => this.#shots.analysed(this.#storage, ids)).catch(() => {}))
  }

  async #working(work: () => Promise<void>): Promise<void> {
    this.busy++
    try {
      await work()
    } catch (error) {
      this.failure ??= error
      throw error
    } finally {
      this.busy--
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => void this.#clock.after(ms, resolve))
  }
}
