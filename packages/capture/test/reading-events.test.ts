import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import fc from 'fast-check'
import type { EventRecord } from '../src/index.ts'
import { sessionA, sessionB, windowMs } from './event-support.ts'
import { all, eventAt, openHouse, type Put, readBack } from './reading-support.ts'

const dayMs = 86_400_000
const start = Date.parse('2026-11-21T00:00:00Z')

/** Groups as they are stored, one after the other: each event with how long before the group it was. */
const aGroup = fc.record({
  afterMs: fc.integer({ min: 0, max: 40_000 }),
  events: fc.array(
    fc.record({
      // In time, late by a window or two, late by days.
      agoMs: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 3_000 }) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 100_000 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 * dayMs }) },
      ),
      isSecond: fc.boolean(),
      eventType: fc.constantFrom('note', 'mark', 'screenshot'),
    }),
    { minLength: 1, maxLength: 12 },
  ),
})
const aLife = fc.array(aGroup, { maxLength: 40, size: 'max' })

function groupsOf(life: readonly (typeof aGroup extends fc.Arbitrary<infer T> ? T : never)[]): Put[][] {
  let nowMs = start
  return life.map(({ afterMs, events }) => {
    nowMs += afterMs
    return events.map(({ agoMs, isSecond, eventType }) =>
      eventAt(nowMs - agoMs, isSecond ? sessionB : sessionA, nowMs, eventType),
    )
  })
}

function byId(events: readonly { readonly id: string }[]): unknown[] {
  return events.toSorted((one, other) => (one.id < other.id ? -1 : 1))
}

function assertInOrder(events: readonly EventRecord[]): void {
  for (let at = 1; at < events.length; at++) assert.ok(events[at - 1]!.timestamp <= events[at]!.timestamp)
}

test('CR1: whatever was stored comes out in the order of its time, in any range, of one session or of all', async t => {
  const aCut = fc.record({
    from: fc.option(fc.integer({ min: -3 * dayMs, max: 900_000 }), { nil: undefined }),
    to: fc.option(fc.integer({ min: -3 * dayMs, max: 900_000 }), { nil: undefined }),
    // From one event up to another, to the millisecond.
    edges: fc.option(fc.tuple(fc.nat(500), fc.nat(500)), { nil: undefined }),
    isOneSession: fc.boolean(),
    eventTypes: fc.option(fc.subarray(['note', 'mark', 'screenshot'], { minLength: 1 }), { nil: undefined }),
  })
  const property = fc.asyncProperty(aLife, fc.array(aCut, { minLength: 1, maxLength: 3 }), async (life, cuts) => {
    const cleanUp: (() => void)[] = []
    const house = openHouse({ after: ((each: () => void) => cleanUp.push(each)) as typeof t.after })
    const groups = groupsOf(life)
    for (const group of groups) house.put(group)
    for (const { from, to, edges, isOneSession, eventTypes } of cuts) {
      const some = groups.flat()
      const [fromMs, toMs] = edges
        ? edges.map(at => some[at % some.length]?.timestamp)
        : [from, to].map(ms => (ms === undefined ? undefined : start + ms))
      const sessionId = isOneSession ? sessionA : undefined
      const expected = groups
        .flat()
        .filter(event => event.timestamp >= (fromMs ?? 0) && event.timestamp < (toMs ?? Number.POSITIVE_INFINITY))
        .filter(event => !isOneSession || event.sessionId === sessionA)
        .filter(({ eventType }) => !eventTypes || eventTypes.includes(eventType as 'note'))
      const found = await all(house.reader.events({ fromMs, toMs, sessionId, eventTypes }))
      assertInOrder(found)
      assert.deepEqual(byId(found), byId(expected.map(readBack)))
    }
    for (const each of cleanUp.reverse()) await each()
  })
  await fc.assert(property, { numRuns: 40 })
})

test('CR2: while a writer goes on and retention removes, each event that was there and stays comes once, and none twice', async t => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 2 ** 30 }),
    fc.integer({ min: 0, max: 6 }),
    async (seed, keptFrom) => {
      const cleanUp: (() => void)[] = []
      const house = openHouse({ after: ((each: () => void) => cleanUp.push(each)) as typeof t.after })
      const before: Put[] = []
      // Six hours, a group of five events in every half minute, each tenth late by up to an hour.
      for (let at = 0; at < 720; at++) {
        const nowMs = start + at * windowMs + (seed % windowMs)
        const group = Array.from({ length: 5 }, (_, one) =>
          eventAt(
            nowMs - ((at + one) % 10 === 0 ? (seed * at) % 3_600_000 : one),
            one % 2 ? sessionA : sessionB,
            nowMs,
          ),
        )
        before.push(...group)
        house.put(group)
      }
      const meanwhile: Put[] = []
      const found: EventRecord[] = []
      const goneBefore = start + keptFrom * 3_600_000
      for await (const portion of house.reader.events()) {
        found.push(...portion)
        const nowMs = start + 720 * windowMs + meanwhile.length
        const group = [eventAt(nowMs, sessionA), eventAt(nowMs - 7_200_000, sessionB, nowMs)]
        meanwhile.push(...group)
        house.put(group)
        house.retain(goneBefore + 7 * dayMs)
      }
      assert.ok(meanwhile.length >= 4, 'there were several portions')
      assertInOrder(found)
      const ids = new Set(found.map(({ id }) => id))
      assert.equal(ids.size, found.length, 'none comes twice')
      const known = new Map([...before, ...meanwhile].map(event => [event.id, readBack(event)]))
      for (const event of found) assert.deepEqual(event, known.get(event.id))
      for (const event of before) {
        const isGone = readBack(event).windowStartMs + windowMs <= goneBefore
        assert.ok(isGone || ids.has(event.id), 'what stays is found')
      }
      for (const each of cleanUp.reverse()) await each()
    },
  )
  await fc.assert(property, {
    numRuns: 4,
    examples: [
      [4711, 3],
      [1, 2],
    ],
  })
})

test('CR3: a block that is damaged is named and stepped over, with the number of its events', async t => {
  const house = openHouse(t)
  const groups = [0, 1, 2].map(at => [0, 1, 2].map(one => eventAt(start + at * windowMs + one, sessionA)))
  // It has a part that is late and one that is not.
  groups[1]!.push(eventAt(start - dayMs, sessionA, start + windowMs + 1_000))
  for (const group of groups) house.put(group)
  house.database.transaction(() =>
    house.database.prepare('UPDATE event_blocks SET payload = zeroblob(42) WHERE block_id = 2').run(),
  )
  const damaged: unknown[] = []
  const found = await all(
    house.reader.events({ onDamaged: ({ error, ...block }) => damaged.push([block, `${error}`]) }),
  )
  assert.deepEqual(
    found.map(({ id }) => id),
    [...groups[0]!, ...groups[2]!].map(({ id }) => id),
  )
  assert.equal(damaged.length, 1)
  const [[block, reason]] = damaged as [[unknown, string]]
  assert.deepEqual(block, { sessionId: sessionA, windowStartMs: start + windowMs, blockId: 2, events: 4 })
  assert.match(reason, /Stored events cannot be read any more/)
})

test('CR1: more windows, blocks and late blocks than are named at once', async t => {
  const house = openHouse(t)
  const random = seededRandom(5)
  const sessions = Array.from({ length: 100 }, () => random.uuid())
  const expected: Put[] = []
  for (let at = 0; at < 84; at++) {
    const nowMs = start + at * windowMs + 10_000
    const group = sessions.flatMap(session => [
      eventAt(nowMs - 3_600_000 - at, session, nowMs),
      eventAt(nowMs, session),
    ])
    expected.push(...group)
    house.put(group)
  }
  // And many blocks of one window, each second of them late in part.
  for (let at = 0; at < 700; at++) {
    const nowMs = start + 84 * windowMs + at
    const group = [eventAt(nowMs, sessionA), eventAt(at % 2 ? nowMs : nowMs - 90_000, sessionA, nowMs)]
    expected.push(...group)
    house.put(group)
  }
  const found = await all(house.reader.events())
  assertInOrder(found)
  assert.equal(found.length, expected.length)
  assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(expected.map(({ id }) => id)))
})

test('CR1: more screenshots than are named at once', async t => {
  const { database, reader } = openHouse(t)
  const count = 8_300
  database.transaction(() =>
    database
      .prepare(
        `WITH RECURSIVE shots (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM shots WHERE at < ? - 1)
         INSERT INTO screenshots (screenshot_id, event_id, session_id, captured_ms, state, place, size_bytes, hash, privacy_masked, about)
         SELECT randomblob(16), randomblob(16), zeroblob(16), ? - at / 5, 'deleted', 'deleted', at, x'00', 0, CAST(x'010000' || '["editor","title",1,2,3,4]' AS BLOB) FROM shots`,
      )
      .run(count, start),
  )
  const found: number[] = []
  let lastMs = 0
  for await (const { sizeBytes, capturedMs, about } of reader.screenshots()) {
    found.push(sizeBytes)
    assert.ok(capturedMs >= lastMs)
    assert.equal(about?.windowTitle, 'title')
    lastMs = capturedMs
  }
  assert.deepEqual(
    found.toSorted((a, b) => a - b),
    Array.from({ length: count }, (_, at) => at),
  )
})
