/** A real log with its projector over a real database, and rebuilds of the tables. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import type { SwarmEvent } from '../../src/contract.ts'
import type { Database } from '../../src/database/contract.ts'
import type { RebuildRequest, RebuildView } from '../../src/rebuild/job-view.ts'
import { RebuildJobs } from '../../src/rebuild/jobs.ts'
import { BatchWriter } from '../../src/store/index.ts'
import { type House, openHouse, temporaryDirectory, testClock } from '../support/log-house.ts'
import { contentsOf } from '../support/store.ts'

export type RebuildHouse = House & {
  readonly database: Database
  readonly jobs: RebuildJobs
  /** Takes events in, and waits until the tables have them. */
  give(events: readonly SwarmEvent[]): Promise<void>
  /** Waits until the tables have what the log holds. */
  caughtUp(): Promise<void>
}

export const request: RebuildRequest = { from: 'beginning', swap: 'always', keepOld: false }

/** A database, migrated, and everything before it. `through` is what the projector and rebuilds see of the database. */
export async function openRebuildHouse(
  t: Pick<TestContext, 'after'>,
  database: Database,
  { nowMs, through = database }: { nowMs: number; through?: Database },
): Promise<RebuildHouse> {
  const clock = testClock(nowMs)
  const deadLetters = { add: async () => assert.fail('the tables refuse nothing') }
  const writer = new BatchWriter({ database, deadLetters, clock })
  const directory = temporaryDirectory(t)
  const settings = { flushThreshold: 50, bufferEventsMax: 1_000_000 }
  const house = await openHouse({ directory, tables: writer, clock, settings })
  const tables = { database: async () => through, holdRetention: async () => () => undefined }
  const { log, projector } = house
  const jobs = new RebuildJobs({ log, projector, tables, clock, random: seededRandom(1), logger: silentLogger })
  const caughtUp = async (): Promise<void> => {
    while (projector.status.state !== 'running' || projector.status.bufferSize > 0) {
      clock.advance(5000)
      await setImmediate()
    }
  }
  const give = async (events: readonly SwarmEvent[]): Promise<void> => {
    for (let start = 0; start < events.length; start += 500) await house.intake.take(events.slice(start, start + 500))
    await caughtUp()
  }
  t.after(async () => {
    await jobs.stop()
    await house.stop()
    await database.close()
  })
  return { ...house, database, jobs, give, caughtUp }
}

/** How a rebuild ended. */
export async function rebuilt(house: RebuildHouse, changes: Partial<RebuildRequest> = {}): Promise<RebuildView> {
  house.jobs.start({ ...request, ...changes })
  return ended(house)
}

export async function ended({ jobs, clock }: RebuildHouse): Promise<RebuildView> {
  for (;;) {
    const { view } = jobs
    if (view.endedMs !== undefined) return view
    // A lock that is not given is asked for again when time has passed.
    clock.advance(1)
    await setImmediate()
  }
}

/** The state that it ended in, or why it failed. */
export function outcomeOf(view: RebuildView): string {
  return view.error === undefined ? view.state : `${view.state}: ${view.error}`
}

/** All that events decide of the tables, the states that rows are computed from included. */
export const everything = contentsOf
