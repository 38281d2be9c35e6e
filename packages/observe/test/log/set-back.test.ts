/** Tables that go back, or ahead, behind a projector that runs: what they lack is written again (OD11). Again: SET_BACK_SEED=SEED. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { storedTables, swarmDay, swarmTables, tableDifferences } from '@chronicle/testing'
import fc from 'fast-check'
import type { Database } from '../../src/database/contract.ts'
import { replayLog } from '../../src/log/replay.ts'
import { eventsTopic } from '../../src/log/topics.ts'
import { BatchWriter } from '../../src/store/index.ts'
import { embedded, openMigrated, testDatabases } from '../support/databases.ts'
import { type House, openHouse, settle, temporaryDirectory, testClock, until } from '../support/log-house.ts'
import { emptyTables } from '../support/store.ts'
import { deliveredEvents } from '../support/swarm-events.ts'

const day = swarmDay({ seed: 4_711, agents: 4, traces: 30, hours: 4, heartbeatEveryMs: 1_800_000, malformedRate: 0 })
const events = deliveredEvents(day)
const expected = swarmTables(day.events)
const endMs = day.options.startMs + 86_400_000
const deadLetters = { add: async () => assert.fail('the tables refuse nothing of a day') }
const tables = ['swarm_events', 'swarm_traces', 'agent_metrics', 'observe_position']
const seed = process.env.SET_BACK_SEED === undefined ? {} : { seed: Number(process.env.SET_BACK_SEED) }

/** What happens while the projector runs. */
const steps = {
  take: (n: number) => (run: Run) => run.take(n),
  pass: () => (run: Run) => run.pass(),
  backUp: () => (run: Run) => run.backUp(),
  restore: () => (run: Run) => run.restore(),
  setBack: (part: number) => (run: Run) => run.setBack(part),
  forget: () => (run: Run) => run.forget(),
  overtake: () => (run: Run) => run.overtake(),
}
const named = (name: keyof typeof steps, argument: fc.Arbitrary<number> = fc.constant(0)) =>
  argument.map(value => ({ name, value, toString: () => `${name} ${value}` }))
const step = fc.oneof(
  { weight: 5, arbitrary: named('take', fc.integer({ min: 1, max: 30 })) },
  { weight: 3, arbitrary: named('pass') },
  { weight: 1, arbitrary: named('backUp') },
  { weight: 2, arbitrary: named('restore') },
  { weight: 1, arbitrary: named('setBack', fc.double({ min: 0, max: 1, noNaN: true })) },
  { weight: 1, arbitrary: named('forget') },
  { weight: 1, arbitrary: named('overtake') },
)

for (const databases of testDatabases) {
  describe(`tables that go back: ${databases.name}`, { skip: databases.skip }, () => {
    let database: Database
    before(async () => {
      database = await openMigrated(databases)
      await database.script(
        `create schema kept; ${tables.map(each => `create table kept.${each} (like ${each})`).join(';')}`,
      )
    })
    after(() => database.close())

    test('OD11: whatever goes back or ahead, the tables are those of the day in the end', async t => {
      const property = fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30, size: 'max' }), async list => {
        const run = await Run.start(t, database)
        for (const { name, value } of list) await steps[name](value)(run)
        assert.deepEqual(await run.end(), [])
      })
      await fc.assert(property, { numRuns: databases === embedded ? 4 : 10, ...seed })
    })

    test('OD11: tables that are restored while nothing comes are brought up to date after a while', async t => {
      const run = await Run.start(t, database)
      await run.take(200)
      await run.caughtUp()
      await run.backUp()
      const before = await run.stored()
      await run.take(200)
      await run.caughtUp()
      const after = await run.stored()
      await run.restore()
      assert.equal(await run.stored(), before)
      run.house.clock.advance(600_000)
      await settle()
      await run.caughtUp()
      assert.equal(await run.stored(), after)
      assert.deepEqual(await run.end(), [])
    })
  })
}

class Run {
  readonly house: House
  readonly #database: Database
  #taken = 0

  private constructor(house: House, database: Database) {
    this.house = house
    this.#database = database
  }

  static async start(t: Parameters<typeof temporaryDirectory>[0], database: Database): Promise<Run> {
    await emptyTables(database)
    await database.script(tables.map(table => `truncate kept.${table}`).join(';'))
    const clock = testClock(endMs)
    const settings = { flushThreshold: 20, bufferEventsMax: 100_000 }
    const writer = new BatchWriter({ database, deadLetters, clock })
    return new Run(await openHouse({ directory: temporaryDirectory(t), tables: writer, clock, settings }), database)
  }

  async take(n: number): Promise<void> {
    const more = events.slice(this.#taken, this.#taken + n)
    this.#taken += more.length
    await this.house.intake.take(more)
  }

  async pass(): Promise<void> {
    this.house.clock.advance(5_000)
    await settle()
  }

  backUp(): Promise<void> {
    return this.#copy('', 'kept.')
  }

  /** To the backup, or to what a database is at first. */
  restore(): Promise<void> {
    return this.#copy('kept.', '')
  }

  setBack(part: number): Promise<void> {
    return this.#database.script(`update observe_position set next_offset = floor(next_offset * ${part.toFixed(3)})`)
  }

  forget(): Promise<void> {
    return this.#database.script('delete from observe_position')
  }

  /** Another process writes what the log holds. */
  async overtake(): Promise<void> {
    const { log, clock } = this.house
    const writer = new BatchWriter({ database: this.#database, deadLetters, clock })
    await replayLog({ log, clock, writer, from: 'positions' }).catch(error => {
      if (error.code !== 'observe.positions-moved') throw error
    })
  }

  async stored(): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>('select count(*) from swarm_events')
    return row!.count
  }

  async caughtUp(): Promise<void> {
    const { projector, clock } = this.house
    await until(() => {
      clock.advance(1_000)
      return projector.status.state === 'running' && projector.status.bufferSize === 0
    })
  }

  /** Takes the rest, and gives back how the tables differ from those of the day. */
  async end(): Promise<string[]> {
    await this.take(events.length - 1 - this.#taken)
    await this.caughtUp()
    // What was set back last is found out with the next event.
    await this.take(1)
    await this.caughtUp()
    const { log, stop } = this.house
    const [position] = await this.#database.query<{ at: number }>('select next_offset as at from observe_position')
    assert.equal(position!.at, log.partition(eventsTopic, 0)!.logEndOffset)
    await stop()
    return tableDifferences(await storedTables(this.#database), expected)
  }

  #copy(from: string, to: string): Promise<void> {
    return this.#database.transaction(async queries => {
      await queries.script(`truncate ${tables.map(table => `${to}${table}`).join(', ')}`)
      for (const table of tables) await queries.script(`insert into ${to}${table} select * from ${from}${table}`)
    })
  }
}
