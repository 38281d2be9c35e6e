/** Lives through a day: publishes what comes at its time, sets the clock, ends and kills the program, and looks at everything every second. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DayClock } from './day-clock.ts'
import { Deliveries, type Delivery } from './day-deliveries.ts'
import { dayImages } from './day-images.ts'
import { DayModel } from './day-model.ts'
import { type DayOptions, type Incident, planOf } from './day-plan.ts'
import { DayProcess, type Surroundings } from './day-process.ts'
import { DayShots } from './day-shots.ts'
import { windowMs } from './windows-model.ts'

const secondMs = 1_000
/** What lies ahead is over by then. */
const lastSleepMs = 30 * 3_600_000
/** The last batches come within so long: the pauses between tries double, up to ten minutes. */
const lastMsMax = 2 * 3_600_000

export type DayReport = {
  readonly published: number
  readonly windows: number
  readonly batches: number
  readonly batchesAgain: number
  readonly late: number
  readonly sums: number
  readonly screenshots: Readonly<Record<string, number>>
  readonly imagesRead: number
}

export async function liveDay(options: DayOptions, directory: string): Promise<DayReport> {
  const day = await Day.begin(options, directory)
  try {
    for (const delivery of day.deliveries) await day.publish(delivery)
    return await day.end()
  } finally {
    await day.close()
  }
}

class Day {
  readonly deliveries: Deliveries
  readonly #directory: string
  readonly #around: Surroundings
  readonly #incidents: Incident[]
  #process: DayProcess
  #processes = 1
  #nextSecondMs = secondMs
  #published = 0

  private constructor(directory: string, around: Surroundings, process: DayProcess, plan: ReturnType<typeof planOf>) {
    this.#directory = directory
    this.#around = around
    this.#process = process
    this.#incidents = [...plan.incidents]
    this.deliveries = new Deliveries(plan)
  }

  static async begin(options: DayOptions, directory: string): Promise<Day> {
    const plan = planOf(options)
    const clock = new DayClock(plan.startMs)
    const shots = new DayShots(await dayImages(options.seed), clock)
    // More than there are of either, by the last gestures of each minute.
    const model = new DayModel(Math.ceil(options.events * 1.2) + 2 * options.shots + 100_000)
    const around = { clock, model, shots, tries: new Map<string, number>() }
    const process = await DayProcess.start(directoryOf(directory, 1), around)
    return new Day(directory, around, process, plan)
  }

  async publish(delivery: Delivery): Promise<void> {
    const { clock } = this.#around
    const stopMs = Math.min(this.#nextSecondMs, this.#incidents[0]?.atMs ?? Number.POSITIVE_INFINITY)
    if (delivery.atMs >= stopMs || !clock.skipTo(delivery.atMs)) await this.#passTo(delivery.atMs)
    this.#process.publish(delivery)
    this.#published++
  }

  /** What is left happens, and everything is as it has to be. */
  async end(): Promise<DayReport> {
    const { clock, model, shots } = this.#around
    await this.#passTo(clock.passedMs + 2 * windowMs)
    this.#sleep(lastSleepMs)
    for (let left = lastMsMax; model.windowsMissing + shots.live > 0 || this.#isWaiting(); left -= secondMs) {
      assert.ok(left > 0, `${model.windowsMissing} windows never came`)
      await this.#passTo(clock.passedMs + secondMs)
    }
    await shots.assertKept(this.#process.storage)
    this.#assertDatabase()
    await this.#process.stop()
    assert.deepEqual(readdirSync(join(directoryOf(this.#directory, this.#processes), 'capture.db-screenshots')), [])
    return {
      published: this.#published,
      windows: model.windowsJudged,
      batches: model.batches,
      batchesAgain: model.batchesAgain,
      late: model.lateEvents,
      sums: model.sums.size,
      screenshots: shots.endings(),
      imagesRead: shots.read,
    }
  }

  /** However the day went, nothing is left running. */
  close(): Promise<void> {
    return this.#process.close()
  }

  async #passTo(passedMs: number): Promise<void> {
    const { clock } = this.#around
    for (;;) {
      const incidentMs = this.#incidents[0]?.atMs ?? Number.POSITIVE_INFINITY
      const stopMs = Math.min(passedMs, this.#nextSecondMs, incidentMs)
      await clock.passTo(stopMs)
      if (stopMs === this.#nextSecondMs) await this.#second()
      if (stopMs === incidentMs) await this.#happen(this.#incidents.shift()!)
      // The program may have been away for longer.
      if (clock.passedMs >= passedMs) return
    }
  }

  async #second(): Promise<void> {
    this.#nextSecondMs += secondMs
    await this.#process.everySecond()
  }

  async #happen(incident: Incident): Promise<void> {
    const { clock, model } = this.#around
    if (incident.kind === 'clock') {
      // No image is still being measured: its time could be over before.
      await this.#process.settled()
      if (incident.byMs < 0) model.beforeSetBack(clock.wallMs)
      return this.#sleep(incident.byMs)
    }
    const next = directoryOf(this.#directory, this.#processes + 1)
    if (incident.kind === 'crash') {
      mkdirSync(next)
      await this.#process.kill(next)
      this.#processes++
    } else await this.#process.stop()
    await clock.passTo(clock.passedMs + incident.downMs)
    this.#nextSecondMs = clock.passedMs + secondMs
    this.#process = await DayProcess.start(directoryOf(this.#directory, this.#processes), this.#around)
  }

  #sleep(ms: number): void {
    this.#around.clock.set(ms)
    this.#around.shots.clockWasSet()
  }

  #isWaiting(): boolean {
    const { waiting, windows } = this.#process.storage.metrics()
    return waiting.queueEvents + waiting.unanswered > 0 || windows.closed !== windows.built || this.#undelivered() > 0
  }

  #undelivered(): number {
    return this.#read(sql => Number(sql.prepare('SELECT count(*) AS n FROM windows WHERE state < 3').get()!.n))
  }

  /** What another program reads of the database. */
  #assertDatabase(): void {
    this.#read(sql => {
      this.#around.model.sums.assertIn(sql)
      const wrong = 'SELECT count(*) AS n FROM windows WHERE window_start % ? <> 0 OR window_end - window_start <> ?'
      assert.equal(sql.prepare(wrong).get(windowMs, windowMs)!.n, 0, 'CW1: windows are aligned')
      assert.equal(sql.prepare('SELECT count(*) AS n FROM windows').get()!.n, this.#around.model.windowsJudged)
    })
  }

  #read<T>(work: (sql: DatabaseSync) => T): T {
    const path = join(directoryOf(this.#directory, this.#processes), 'capture.db')
    const sql = new DatabaseSync(path, { readOnly: true })
    try {
      return work(sql)
    } finally {
      sql.close()
    }
  }
}

function directoryOf(directory: string, process: number): string {
  return join(directory, `process-${process}`)
}
