/** Screenshots over topics. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, systemClock, systemRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { topicBusLimits } from '../src/bus/index.ts'
import { StoreKeys } from '../src/bus/store-keys.ts'
import { eventNumber, eventually, MemorySink, topicBus } from './bus-support.ts'
import { idOf, imageOf, marker } from './screenshots-support.ts'

let broker: ChronicleProcess

before(async () => {
  broker = await startChronicle()
})
after(() => broker.stop())

test('CS1: a screenshot goes through a topic sealed for its store, and nobody else ever opens it', async () => {
  const topics = { events: 'shots', batches: 'shots-batches' }
  const publisher = await topicBus(broker.bootstrap, topics)
  const image = imageOf(3_000_000)
  const event = { ...eventNumber(1), event_type: 'screenshot', data: { screenshot_id: idOf(5), image, number: 1 } }
  publisher.publish(event)
  // It waits for a store to tell its key.
  const store = await topicBus(broker.bootstrap, topics)
  const sink = new MemorySink()
  store.subscribeEvents(sink)
  await eventually(() => sink.events.length === 1)
  assert.deepEqual(sink.events, [event])
  for (const entry of readdirSync(broker.dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'lock') continue
    assert.ok(
      !readFileSync(join(entry.parentPath, entry.name)).includes(marker),
      `${entry.name} holds a piece of an image`,
    )
  }
  await store.stop(1000)
  // Another store, or the same one after a restart: the event is there, and its image is not.
  const later = await topicBus(broker.bootstrap, topics)
  const second = new MemorySink()
  later.subscribeEvents(second)
  await eventually(() => second.events.length === 1)
  assert.deepEqual(second.events, [{ ...event, data: { screenshot_id: idOf(5), number: 1 } }])
  await later.stop(1000)
  await publisher.stop(1000)
})

test('CB6: every program that publishes screenshots gets the key of the store, and every reader each event', async () => {
  const topics = { events: 'many', batches: 'many-batches' }
  const store = await topicBus(broker.bootstrap, topics)
  const publishers = await Promise.all([1, 2, 3].map(() => topicBus(broker.bootstrap, topics)))
  const other = await topicBus(broker.bootstrap, topics)
  const [sink, second] = [new MemorySink(), new MemorySink()]
  store.subscribeEvents(sink)
  for (const [at, publisher] of publishers.entries()) {
    const data = { screenshot_id: idOf(at + 1), image: imageOf(1000) }
    publisher.publish({ ...eventNumber(at), event_type: 'screenshot', data })
  }
  await eventually(() => sink.events.length === publishers.length)
  for (const event of sink.events)
    assert.ok((event as { data: { image?: unknown } }).data.image, 'its image is sealed for the store')
  other.subscribeEvents(second)
  await eventually(() => second.events.length === publishers.length)
  for (const bus of [...publishers, other, store]) await bus.stop(1000)
})

test('a screenshot for which no store tells a key, and what is too large, is counted', async () => {
  const bus = await topicBus(broker.bootstrap, { events: 'images', batches: 'b' })
  const data = { screenshot_id: idOf(5), image: new Uint8Array(10) }
  bus.publish({ ...eventNumber(1), event_type: 'screenshot', data })
  bus.publish({ ...eventNumber(1), data: { text: 'x'.repeat(2_000_000) } })
  bus.publish({ ...eventNumber(1), data: { ...data, image: new Uint8Array(51 * 1024 * 1024) } })
  await bus.stop(1000)
  const lost = bus.lost()
  assert.deepEqual([lost['no-store'], lost['too-large']], [1, 2])
})

test('CS2: the bytes of a screenshot that came by a topic are overwritten once the store has taken it', async () => {
  const topics = { events: 'wiped', batches: 'wiped-batches' }
  const bus = await topicBus(broker.bootstrap, topics)
  const images: Uint8Array[] = []
  const receiveFrom = async ({ event }: { event: unknown }) => {
    const { image } = (event as { data: { image: Uint8Array } }).data
    assert.ok(Buffer.from(image).includes(marker))
    images.push(image)
  }
  bus.subscribeEvents({ receive: () => undefined, receiveFrom, positionOf: () => 0 })
  const data = { screenshot_id: idOf(5), image: imageOf(100_000) }
  bus.publish({ ...eventNumber(1), event_type: 'screenshot', data })
  await eventually(() => images[0]?.every(byte => byte === 0) === true)
  assert.ok(data.image.includes(marker), "what is its publisher's stays")
  await bus.stop(1000)
})

test('CB7: screenshots that wait for a key are bounded in number, and in bytes with all that they say', async () => {
  const limits = { waitingEventsMax: 3, waitingBytesMax: 1 << 20 }
  const screenshot = (number: number, title: string) => ({
    ...eventNumber(number),
    event_type: 'screenshot',
    data: { screenshot_id: idOf(number), image: new Uint8Array(1), metadata: { window_title: title } },
  })
  for (const [title, lost] of [
    ['short', 2],
    ['x'.repeat(500_000), 3],
  ] as const) {
    const bus = await topicBus('127.0.0.1:1', { events: 'e', batches: 'b' }, limits)
    for (let number = 1; number <= 5; number++) bus.publish(screenshot(number, title))
    assert.equal(bus.lost()['no-room'], lost)
    await bus.stop(0)
    assert.equal(bus.lost()['no-store'], 5 - lost)
  }
})

test('CS1: a key of the store lives for its time, and no longer where the broker is away', async () => {
  const own = await startChronicle()
  let aheadMs = 0
  const clock: Clock = {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + aheadMs,
    // A fresh key is due at once.
    after: (ms, action) => systemClock.after(Math.min(ms, 200), action),
  }
  const ids = ['first', 'second'].map((_, at) => idOf(at))
  const random = { ...systemRandom, uuid: () => ids.shift() ?? systemRandom.uuid() }
  const keys = new StoreKeys({
    bootstrap: own.bootstrap,
    topics: { events: 'e', batches: 'b', keys: 'told' },
    clock,
    random,
    logger: silentLogger,
    limits: topicBusLimits,
  })
  await eventually(() => keys.find(idOf(1)) !== undefined)
  assert.ok(keys.find(idOf(0)), 'that of a moment ago opens what is on its way')
  await own.stop()
  await eventually(() => keys.failure !== undefined)
  aheadMs = 60_000
  await sleep(600)
  assert.ok(keys.find(idOf(1)))
  aheadMs = 95_000
  await eventually(() => keys.find(idOf(0)) === undefined && keys.find(idOf(1)) === undefined)
  await keys.close()
})
