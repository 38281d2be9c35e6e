/** Publishers that send what they should not: every one of their events is stored, refused or counted as lost, and none of those of others is. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import type { Bus, StorageConfig } from '../src/index.ts'
import type { StorageMetrics } from '../src/storage-metrics.ts'
import { eventually, topicBus } from './bus-support.ts'
import { makeDirectory } from './event-support.ts'
import { hostileEvents, tooLargeScreenshot } from './hostile-events.ts'
import { isSettled, quick, type Running, startCapture, sum } from './storage-run.ts'
import { noteOf } from './storage-support.ts'

/** In one turn of the program; a million by HOSTILE_EVENTS=1000000. */
const floodEvents = Number(process.env.HOSTILE_EVENTS ?? 20_000)

let broker: ChronicleProcess
before(async () => {
  broker = await startChronicle()
})
after(() => broker.stop())

async function running(t: TestContext, config: Partial<StorageConfig> = {}): Promise<Running> {
  const running = await startCapture(`${makeDirectory(t)}/capture.db`, config)
  t.after(() => running.storage.shutdown())
  return running
}

function assertBounded({ waiting, screenshots }: StorageMetrics): void {
  assert.ok(waiting.queueEvents <= quick.queueEventsMax)
  // One event may pass what is left of the room.
  assert.ok(waiting.queueBytes <= (quick.queueMb + 1) * 2 ** 20)
  assert.ok(screenshots.bytes.waiting <= quick.screenshotWaitingMb * 2 ** 20)
}

test('CE1, CB5, CW4: whatever is published is stored or refused for its field, and what others publish comes through', async t => {
  const { storage, taken } = await running(t)
  const good: string[] = []
  const odd: string[] = []
  for (const { name, field, make } of hostileEvents) {
    const before = { ...storage.metrics().events.refused }
    const event = make()
    assert.equal(storage.bus.publish(event), undefined, name)
    const { refused } = storage.metrics().events
    const fields = Object.keys(refused).filter(each => refused[each] !== before[each])
    assert.deepEqual(fields, field === undefined ? [] : [field], name)
    if (field === undefined) odd.push((event as { id: string }).id)
    const note = noteOf()
    storage.bus.publish(note)
    good.push(note.id)
  }
  storage.bus.publish(tooLargeScreenshot.make())
  assertBounded(storage.metrics())
  await eventually(() => isSettled(storage.metrics()))
  await taken.assertGets([...good, ...odd])
  assert.deepEqual(storage.metrics().events.lost, { 'screenshot-refused': 1 })
  assert.equal(storage.metrics().screenshots.refused['capture.limit-screenshot-size'], 1)
  assert.deepEqual(storage.metrics().bus.lost, { 'no-subscriber': 0, 'subscriber-failed': 0 })
  for (const { aggregates } of taken.batches.values())
    for (const number of Object.values(aggregates)) assert.ok(Number.isFinite(number), 'aggregates are numbers')
  assert.equal(storage.health().status, 'pass')
})

test('CE1, CB5, CB7: the same over topics: what no record can hold is counted by its publisher, the rest by the store', async t => {
  const topics = { eventsTopic: 'hostile', batchesTopic: 'hostile-batches', keysTopic: 'hostile-keys' }
  const { storage, taken } = await running(t, { ...topics, bus: 'topics', bootstrapServers: broker.bootstrap })
  const bus: Bus = await topicBus(broker.bootstrap, { events: 'hostile', batches: 'hostile-batches' })
  t.after(() => bus.stop(1000))
  const good: string[] = []
  const publish = (event: unknown): void => assert.equal(bus.publish(event), undefined)
  for (const { make } of [...hostileEvents, tooLargeScreenshot]) {
    publish(make())
    const note = noteOf()
    publish(note)
    good.push(note.id)
  }
  const published = 2 * (hostileEvents.length + 1)
  const received = (): number => storage.metrics().events.received + sum(bus.lost())
  await eventually(() => received() >= published && isSettled(storage.metrics()))
  assert.equal(received(), published)
  assert.ok(bus.lost()['too-large']! >= 3 && bus.lost()['not-json']! > 10, JSON.stringify(bus.lost()))
  await eventually(() => good.every(id => taken.ids.includes(id)))
  assert.equal(taken.ids.length, new Set(taken.ids).size)
  assert.equal(taken.ids.length, storage.metrics().events.stored)
  assert.equal(storage.metrics().events.lost['screenshot-refused'], undefined)
  await eventually(() => storage.health().status === 'pass')
})

for (const bus of ['in-process', 'topics'] as const)
  test(`CB1, CB2, CB7: a flood in one turn, ${bus}: what waits is bounded, what has no room is counted, the rest is stored`, async t => {
    const topics = { eventsTopic: 'flood', batchesTopic: 'flood-batches', keysTopic: 'flood-keys' }
    const { storage, taken } = await running(t, {
      ...topics,
      bus,
      bootstrapServers: broker.bootstrap,
      queueEventsMax: 5000,
    })
    const ids = Array.from({ length: floodEvents }, () => randomUUID())
    const startedMs = performance.now()
    for (const [at, id] of ids.entries()) {
      storage.bus.publish(noteOf(id))
      if (at % 1000 === 0) assertBounded(storage.metrics())
    }
    const publishedMs = performance.now() - startedMs
    const lost = (): number => sum(storage.metrics().bus.lost) + sum(storage.metrics().events.lost)
    const stored = (): number => storage.metrics().events.stored
    await eventually(() => stored() + lost() === floodEvents)
    await eventually(() => taken.ids.length === stored())
    const [published, found] = [new Set<string>(ids), new Set(taken.ids)]
    assert.equal(found.size, stored(), 'CW4: each in one batch')
    for (const id of found) assert.ok(published.has(id))
    t.diagnostic(`${floodEvents} events in ${publishedMs.toFixed(0)} ms, ${lost()} without room`)
    if (floodEvents <= 100_000) assert.equal(lost(), 0)
  })
