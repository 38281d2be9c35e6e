/** One run of the program that embeds capture, from its start to its end or its death, and what it has to have counted by then. */
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { DayAnalysis } from './day-analysis.ts'
import { comesAbout, type DayClock } from './day-clock.ts'
import { type DayEvent, type Delivery, idOf, sessionIds } from './day-deliveries.ts'
import type { DayModel } from './day-model.ts'
import type { DayShots } from './day-shots.ts'

/** What waits in memory when a process dies is gone: what came in the 50 ms before, and at most as much again until the transaction was done. */
const waitingMsMax = 100
type Of<Kind extends Delivery['kind']> = Extract<Delivery, { readonly kind: Kind }>

export type Surroundings = {
  readonly clock: DayClock
  readonly model: DayModel
  readonly shots: DayShots
  /** How often each batch was answered, by any process. */
  readonly tries: Map<string, number>
}

export class DayProcess {
  readonly storage: StorageModule
  readonly #directory: string
  readonly #around: Surroundings
  readonly #analysis: DayAnalysis
  readonly #endOfClock: () => void
  readonly #startMs: number
  readonly #counts = {
    received: 0,
    refused: {} as Record<string, number>,
    repeated: 0,
    late: 0,
    accepted: 0,
    refusedShots: 0,
  }
  /** The last ones, and when they came. */
  #recent: { readonly number: number; readonly atMs: number }[] = []
  /** At the last second, and at the one before. */
  #acceptedNow = 0
  #acceptedBefore = 0

  private constructor(
    storage: StorageModule,
    directory: string,
    around: Surroundings,
    analysis: DayAnalysis,
    end: () => void,
  ) {
    this.storage = storage
    this.#directory = directory
    this.#around = around
    this.#analysis = analysis
    this.#endOfClock = end
    this.#startMs = around.clock.passedMs
  }

  static async start(directory: string, around: Surroundings): Promise<DayProcess> {
    const { clock, end } = around.clock.process()
    const storage = await StorageModule.create({ ...defaultConfig, databasePath: join(directory, 'capture.db'), clock })
    const analysis = new DayAnalysis(storage, around.model, around.shots, clock, around.tries)
    const process = new DayProcess(storage, directory, around, analysis, end)
    await storage.run()
    await around.shots.check(storage, process.#shotDirectory)
    return process
  }

  publish(delivery: Delivery): void {
    if (delivery.kind === 'event') this.#publishEvent(delivery)
    else if (delivery.kind === 'repeat') this.#publishAgain(delivery)
    else if (delivery.kind === 'id-taken') this.#publishTaken(delivery)
    else this.#publishMalformed(delivery)
  }

  /** Every second: what came a second before the last one is stored, what is due is done, and no screenshot lives too long. No time passes meanwhile. */
  async everySecond(): Promise<void> {
    await this.settled()
    this.#acceptedBefore = this.#acceptedNow
    this.#acceptedNow = this.#counts.accepted
    await this.#around.shots.check(this.storage, this.#shotDirectory)
    this.#throwFailure()
  }

  /** Ends as it should. */
  async stop(): Promise<void> {
    await this.settled()
    await this.close()
    this.#throwFailure()
    this.#around.shots.ended('stopped')
    await this.#around.shots.check(this.storage, this.#shotDirectory)
    this.#assertCounts(this.storage.metrics().events.stored)
    assert.equal(this.storage.metrics().events.stored, this.#counts.accepted, 'what was accepted is stored')
  }

  /** Dies, and leaves what lies on the disk to the next one, in a directory of its own: the dead one still has its files open. */
  async kill(nextDirectory: string): Promise<void> {
    const { clock, model, shots } = this.#around
    await this.settled()
    this.#analysis.end()
    this.#endOfClock()
    const { stored } = this.storage.metrics().events
    cpSync(this.#directory, nextDirectory, { recursive: true })
    const dead = this.#recent.slice(this.#recent.length - (this.#counts.accepted - stored))
    for (const { atMs } of dead) assert.ok(clock.passedMs - atMs <= waitingMsMax, 'what came earlier is stored')
    this.#counts.late -= model.diedWaiting(dead.map(({ number }) => number))
    this.#assertCounts(stored)
    shots.ended('interrupted')
    this.#throwFailure()
    await this.storage.shutdown()
    rmSync(this.#directory, { recursive: true })
  }

  /** By the real time from here on. */
  async close(): Promise<void> {
    this.#analysis.end()
    this.#endOfClock()
    await this.storage.shutdown()
  }

  get #shotDirectory(): string {
    return join(this.#directory, 'capture.db-screenshots')
  }

  #accept(event: DayEvent, atMs: number): void {
    const { model, shots, clock } = this.#around
    if (model.accept(event, clock.wallMs)) this.#counts.late++
    if (event.image) shots.accept(event)
    this.#counts.accepted++
    this.#recent.push({ number: event.number, atMs })
    if (this.#recent.length > 20_000) this.#recent = this.#recent.slice(10_000)
  }

  #publishEvent({ event, sent }: Of<'event'>): void {
    this.#counts.received++
    this.#accept(event, this.#around.clock.passedMs)
    this.storage.bus.publish(this.#messageOf(event, sent))
  }

  /** What came first to an earlier process, that one alone would know again. */
  #publishAgain({ event, sent, firstMs }: Of<'repeat'>): void {
    if (firstMs < this.#startMs) return
    this.#counts.received++
    this.#counts.repeated++
    this.storage.bus.publish(this.#messageOf(event, sent))
  }

  #publishMalformed({ message, field }: Of<'malformed'>): void {
    this.#counts.received++
    this.#counts.refused[field] = (this.#counts.refused[field] ?? 0) + 1
    this.storage.bus.publish(message)
  }

  /** Whose bytes would take the place of others: neither it nor its event is kept (CS9). */
  #publishTaken({ number, event, sent }: Of<'id-taken'>): void {
    const data = this.#around.shots.otherDataOf(event)
    if (data === undefined) return
    this.#counts.received++
    this.#counts.refusedShots++
    this.storage.bus.publish({ ...this.#messageOf(event, sent), id: idOf(number), data })
  }

  #messageOf(event: DayEvent, timestamp: string | number): object {
    const { number, session, type, data } = event
    const all = event.image ? this.#around.shots.dataOf(event) : data
    return { id: idOf(number), timestamp, session_id: sessionIds[session]!, event_type: type, data: all }
  }

  /** What was begun is done, while no time passes. */
  async settled(): Promise<void> {
    const { clock } = this.#around
    const state = (): string => `everything is done; ${JSON.stringify(this.storage.metrics())}`
    await comesAbout(state, async () => {
      await clock.passTo(clock.passedMs)
      return this.#isSettled()
    })
  }

  #isSettled(): boolean {
    const { events, screenshots } = this.storage.metrics()
    const isStored = events.stored >= this.#acceptedBefore
    if (!isStored || screenshots.bytes.waiting > 0 || this.#analysis.busy > 0) return false
    // Counts do not say it: the process before may have closed windows that this one builds.
    return this.storage.status().windows?.closed === 0
  }

  #assertCounts(stored: number): void {
    const { received, refused, repeated, late, refusedShots } = this.#counts
    const lost = refusedShots > 0 ? { 'screenshot-refused': refusedShots } : {}
    const { events } = this.storage.metrics()
    const { stored: _, spilled: __, ...found } = events
    assert.deepEqual(found, { received, refused, repeated, late, lost })
    assert.ok(stored <= this.#counts.accepted)
  }

  #throwFailure(): void {
    if (this.#analysis.failure !== undefined) throw this.#analysis.failure
  }
}
