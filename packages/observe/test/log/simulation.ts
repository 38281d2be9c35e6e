/**
 * Lives of the log side that a seed decides: events by the intake and by Kafka, some twice, some malformed, some in transactions that are taken back; tables that fail, or
 * commit without an answer; stops, and deaths at any moment. In the end the tables were given what the log holds, each position in one committed batch.
 */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { type Random, seededRandom } from '@chronicle/base'
import {
  batchBytes,
  batchEndOffset,
  batchIsControl,
  batchIsTransactional,
  type Log,
  type Marker,
  type Partition,
  RecordReader,
} from '@chronicle/log'
import type { EventWriter } from '../../src/projector-contract.ts'
import {
  eventsOf,
  type House,
  jsonOf,
  MemoryTables,
  openHouse,
  settle,
  type TestClock,
  testClock,
  until,
} from '../support/log-house.ts'
import { clientBatch } from '../support/record-batches.ts'

const stepsPerLife = 60
const malformed = ['{}', 'no json', '{"trace_id":"a"}']

export async function simulateLogSide(directory: string, seed: number): Promise<void> {
  const life = new Life(directory, seed)
  try {
    await life.run()
  } catch (error) {
    throw new Error(
      `again: LOG_SIDE_SEED=${seed} LOG_SIDE_LIVES=1 (step ${life.step}: ${life.said.slice(-12).join('; ')})`,
      { cause: error },
    )
  }
}

class Life {
  step = 0
  readonly said: string[] = []
  readonly #directory: string
  readonly #random: Random
  readonly #tables = new MemoryTables()
  /** Ids that the intake has acknowledged. */
  readonly #acknowledged = new Set<number>()
  readonly #taking: Promise<void>[] = []
  #next = 0
  #house!: House
  #clock: TestClock = testClock()
  #kill: () => void = () => undefined
  #producerId = 0
  #sequence = 0

  constructor(directory: string, seed: number) {
    this.#directory = directory
    this.#random = seededRandom(seed)
  }

  async run(): Promise<void> {
    await this.#open()
    for (this.step = 0; this.step < stepsPerLife; this.step++) await this.#oneOf()
    await this.#end()
    await this.#judge()
    await this.#house.stop()
  }

  #oneOf(): Promise<void> | void {
    const roll = this.#random.int(100)
    if (roll < 25) return this.#take()
    if (roll < 45) return this.#produce()
    if (roll < 55) return this.#transaction()
    if (roll < 65) return this.#makeTopic()
    if (roll < 75) return this.#decideFate()
    if (roll < 80) return this.#loseCommits()
    if (roll < 90) return this.#pass()
    return this.#restart(roll < 95)
  }

  async #open(): Promise<void> {
    // A process that died goes on in memory, and reaches the tables no more.
    let isDead = false
    this.#kill = () => {
      isDead = true
    }
    const alive = <T>(value: T): T | Promise<never> => (isDead ? Promise.withResolvers<never>().promise : value)
    const tables = this.#tables
    const handle: EventWriter = {
      positions: async () => alive(await tables.positions()),
      write: async batch => {
        await setImmediate()
        await alive(undefined)
        return alive(await tables.write(batch))
      },
    }
    this.#clock = testClock(this.#clock.now())
    const settings = { flushThreshold: 1 + this.#random.int(20), flushIntervalMs: 1000 }
    const seed = this.#random.int(1e6)
    this.#house = await openHouse({ directory: this.#directory, tables: handle, clock: this.#clock, settings, seed })
  }

  #say(text: string): void {
    this.said.push(text)
  }

  async #take(): Promise<void> {
    const isAgain = this.#next > 0 && this.#random.int(4) === 0
    const from = isAgain ? this.#random.int(this.#next) : this.#next
    const to = from + 1 + this.#random.int(30)
    this.#say(`take ${from} to ${to}`)
    this.#next = Math.max(this.#next, to)
    const taken = this.#house.intake.take(eventsOf(from, to))
    const noted = taken.then(
      () => {
        for (let n = from; n < to; n++) this.#acknowledged.add(n)
      },
      () => undefined,
    )
    this.#taking.push(noted)
    if (this.#random.int(3) > 0) await noted
  }

  async #makeTopic(): Promise<void> {
    const { log } = this.#house
    if (log.topic('swarm.task') !== undefined) return
    this.#say('make swarm.task')
    await log.createTopic({ name: 'swarm.task', partitions: 2 })
  }

  async #produce(): Promise<void> {
    const partition = this.#house.log.partition('swarm.task', this.#random.int(2))
    if (partition === undefined) return
    const values = Array.from({ length: 1 + this.#random.int(15) }, () =>
      this.#random.int(6) === 0
        ? malformed[this.#random.int(malformed.length)]!
        : jsonOf(this.#random.int(++this.#next)),
    )
    this.#say(`produce ${values.length} to ${partition.index}`)
    const batch = clientBatch({ values, timestamp: this.#clock.now(), isCompressed: this.#random.int(2) === 0 })
    await partition.append(batch).durable
  }

  /** Taken back, all of them: the events are not among the model's. */
  async #transaction(): Promise<void> {
    const partition = this.#house.log.partition('swarm.task', 0)
    if (partition === undefined) return
    const isNew = this.#producerId === 0 || this.#random.int(2) === 0
    if (isNew) [this.#producerId, this.#sequence] = [await this.#house.log.allocateProducerId(), 0]
    const transaction = { producerId: this.#producerId, baseSequence: this.#sequence++ }
    this.#say(`abort a transaction of ${this.#producerId}`)
    await partition.append(clientBatch({ values: [jsonOf(1e6)], timestamp: this.#clock.now(), transaction })).durable
    if (this.#random.int(2) === 0) await settle()
    await abort(partition, this.#producerId)
  }

  #decideFate(): void {
    const fates = (['ok', 'ok', 'fail', 'lost'] as const).slice(this.#random.int(3))
    this.#say(`tables: ${fates.join(' ')}`)
    this.#tables.fate = () => fates[this.#random.int(fates.length)]!
  }

  /** A database that fails over, while the process goes on (OD11). */
  #loseCommits(): void {
    const commits = 1 + this.#random.int(3)
    this.#say(`the tables lose ${commits} commits`)
    this.#tables.loseLast(commits)
  }

  async #pass(): Promise<void> {
    const ms = this.#random.int(20_000)
    this.#say(`${ms} ms`)
    this.#clock.advance(ms)
    for (let turns = this.#random.int(20); turns > 0; turns--) await setImmediate()
  }

  async #restart(isDeath: boolean): Promise<void> {
    this.#say(isDeath ? 'death' : 'stop')
    if (isDeath) {
      this.#kill()
      await this.#house.log.close()
    } else {
      await this.#house.stop()
    }
    await this.#open()
  }

  async #end(): Promise<void> {
    this.#tables.fate = () => 'ok'
    const { log } = this.#house
    const isWritten = ({ topicId, index, logEndOffset }: Partition): boolean =>
      (this.#tables.position(topicId, index) ?? 0) === logEndOffset
    // What was not awaited may still come.
    await Promise.allSettled(this.#taking)
    await until(() => {
      this.#clock.advance(60_000)
      return partitionsOf(log).every(isWritten)
    })
  }

  async #judge(): Promise<void> {
    const { log, deadLetters } = this.#house
    const events = new Set<string>()
    const refused = new Set<string>()
    const ends = new Map<string, number>()
    const idsOf = new Map<string, (string | undefined)[]>()
    for (const partition of partitionsOf(log)) {
      const ids = await contentOf(partition)
      ids.forEach((id, offset) => {
        if (id === 'refused') refused.add(`kafka:${partition.topic}/${partition.index}/${offset}`)
        else if (id !== undefined) events.add(id)
      })
      ends.set(`${partition.topicId}/${partition.index}`, partition.logEndOffset)
      idsOf.set(`${partition.topicId}/${partition.index}`, ids)
    }
    for (const n of this.#acknowledged)
      assert.ok(events.has(JSON.parse(jsonOf(n)).event_id), `event ${n} was acknowledged`)
    assert.deepEqual(new Set(this.#tables.events.map(({ eventId }) => eventId)), events)
    this.#judgeCommits(idsOf, ends)
    assert.deepEqual(await sourcesOf(deadLetters), [...refused].sort())
  }

  /** Each commit moved positions on from where they were, and brought what lies between; what it brought besides had been committed without an answer. */
  #judgeCommits(idsOf: ReadonlyMap<string, readonly (string | undefined)[]>, ends: ReadonlyMap<string, number>): void {
    const reached = new Map([...ends.keys()].map(key => [key, 0]))
    const known = new Set<string>()
    for (const { eventIds, moves } of this.#tables.commits) {
      const expected: string[] = []
      for (const { topicId, partition, from = 0, offset: to } of moves) {
        const key = `${topicId}/${partition}`
        assert.equal(from, reached.get(key))
        assert.ok(to >= from)
        reached.set(key, to)
        expected.push(
          ...(idsOf
            .get(key)!
            .slice(from, to)
            .filter(id => id !== undefined && id !== 'refused') as string[]),
        )
      }
      for (const id of expected) assert.ok(eventIds.includes(id), `${id} was passed over`)
      for (const id of eventIds) assert.ok(expected.includes(id) || known.has(id), `${id} came before its turn`)
      for (const id of eventIds) known.add(id)
    }
    // A partition in which nothing was ever written has no position.
    assert.deepEqual(reached, ends)
  }
}

function partitionsOf(log: Log): Partition[] {
  return ['swarm.events', 'swarm.task'].flatMap(name => log.topic(name)?.partitions ?? [])
}

/** By offset: the id of the event, 'refused', or undefined for what is no event: markers, and what was taken back. */
async function contentOf(partition: Partition): Promise<(string | undefined)[]> {
  const content: (string | undefined)[] = []
  for (let offset = 0; offset < partition.logEndOffset; ) {
    const records = await partition.read(offset, 1024 * 1024, 'read_uncommitted', true)
    for (const piece of records.pieces) {
      const bytes = Buffer.from(piece)
      for (let start = 0; start < bytes.length; start += batchBytes(bytes, start)) {
        const reader = new RecordReader(bytes, start, 1024 * 1024)
        const isNone = batchIsControl(bytes, start) || batchIsTransactional(bytes, start)
        while (reader.next()) content[reader.offset] = isNone ? undefined : idIn(reader.value!)
        offset = batchEndOffset(bytes, start)
      }
    }
    records.release()
  }
  return content
}

const idIn = (value: Buffer): string =>
  malformed.includes(value.toString()) ? 'refused' : JSON.parse(value.toString()).event_id

async function abort(partition: Partition, producerId: number): Promise<void> {
  const coordinator = partition as Partition & { appendControl(marker: Marker): { durable: Promise<void> } }
  const timestamp = Date.UTC(2026, 10, 21)
  await coordinator.appendControl({ producerId, producerEpoch: 0, coordinatorEpoch: 0, type: 'abort', timestamp })
    .durable
}

async function sourcesOf(deadLetters: House['deadLetters']): Promise<string[]> {
  const sources: string[] = []
  let before: number | undefined
  do {
    const page = await deadLetters.list({ limit: 100, ...(before === undefined ? {} : { before }) })
    sources.push(...page.letters.map(({ source }) => source))
    before = page.before
  } while (before !== undefined)
  return sources.sort()
}
