import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Admin, ConfigResourceTypes, Producer } from '@platformatic/kafka'
import type { EventBatch } from '../src/contract.ts'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { batchNumber, eventNumber, eventually, MemorySink, topicBus } from './bus-support.ts'

const never = new AbortController().signal
let broker: ChronicleProcess

before(async () => {
  broker = await startChronicle()
})
after(() => broker.stop())

test('CB6: a store that comes back goes on where it was', async () => {
  const topics = { events: 'resumed', batches: 'resumed-batches' }
  const publisher = await topicBus(broker.bootstrap, topics)
  const sink = new MemorySink()
  for (let part = 0; part < 3; part++) {
    const store = await topicBus(broker.bootstrap, topics)
    store.subscribeEvents(sink)
    for (let number = part * 100; number < (part + 1) * 100; number++) publisher.publish(eventNumber(number))
    await eventually(() => sink.events.length >= (part + 1) * 100)
    await store.stop(1000)
  }
  await publisher.stop(1000)
  assert.deepEqual(
    sink.events,
    Array.from({ length: 300 }, (_, number) => eventNumber(number)),
  )
})

test('a store makes the topic of batches before there is one, with room for the largest', {
  timeout: 20_000,
}, async () => {
  const store = await topicBus(broker.bootstrap, { events: 'asked', batches: 'asked-batches' })
  store.subscribeEvents(new MemorySink())
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
  const made = ['asked', 'asked-batches', 'asked-keys']
  const areMade = () => admin.listTopics().then(topics => made.every(name => topics.includes(name)))
  while (!(await areMade())) await sleep(25)
  const configOf = async (resourceName: string, name: string) => {
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName }
    const [described] = await admin.describeConfigs({ resources: [resource] })
    return Number(described?.configs.find(config => config.name === name)?.value)
  }
  assert.equal(await configOf('asked-batches', 'max.message.bytes'), 64 * 1024 * 1024)
  assert.equal(await configOf('asked', 'retention.ms'), 7 * 86_400_000)
  assert.equal(await configOf('asked-keys', 'retention.ms'), 600_000, 'keys are told twice a minute, for ever')
  await admin.close()
  await store.stop(1000)
})

test('CB6: records that went before a store had read them are counted; for a new one the topic begins where it does', async () => {
  const topics = { events: 'shortened', batches: 'b' }
  const publisher = await topicBus(broker.bootstrap, topics)
  const sink = new MemorySink()
  const first = await topicBus(broker.bootstrap, topics)
  first.subscribeEvents(sink)
  for (let number = 0; number < 3; number++) publisher.publish(eventNumber(number))
  await eventually(() => sink.events.length === 3)
  await first.stop(1000)
  for (let number = 3; number < 10; number++) publisher.publish(eventNumber(number))
  await publisher.stop(5000)
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
  await admin.deleteRecords({ topics: [{ name: topics.events, partitions: [{ partition: 0, offset: 6n }] }] })
  await admin.close()
  for (const [store, expired, count] of [
    [sink, 3, 7],
    [new MemorySink(), 0, 4],
  ] as const) {
    const bus = await topicBus(broker.bootstrap, topics)
    bus.subscribeEvents(store)
    await eventually(() => store.events.length === count)
    assert.deepEqual(store.events.at(-1), eventNumber(9))
    assert.equal(bus.lost().expired, expired)
    await bus.stop(1000)
  }
})

test('CE5, CB6: over topics each event is stored once, whenever the store ends', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'capture-topics-'))
  const topics = { events: 'stored', batches: 'stored-batches' }
  const publisher = await topicBus(broker.bootstrap, topics)
  const config = {
    ...defaultConfig,
    databasePath: join(directory, 'capture.db'),
    bus: 'topics' as const,
    bootstrapServers: broker.bootstrap,
    eventsTopic: topics.events,
    batchesTopic: topics.batches,
  }
  const now = Date.now()
  let stored = 0
  for (let life = 1; life <= 4; life++) {
    const storage = await StorageModule.create(config)
    await storage.run()
    for (let number = 0; number < 500; number++)
      publisher.publish({ ...eventNumber(life * 1000 + number), timestamp: now })
    // The last one takes what is left; the others end in the middle.
    const wanted = life === 4 ? 2000 - stored : 200
    await eventually(() => storage.metrics().events.stored >= wanted)
    await storage.shutdown()
    const { events } = storage.metrics()
    assert.equal(events.repeated, 0)
    stored += events.stored
  }
  assert.equal(stored, 2000)
  await publisher.stop(1000)
  rmSync(directory, { recursive: true, force: true })
})

test('the analysis gets a batch again that it had not taken when it ended', async () => {
  const topics = { events: 'again', batches: 'again-batches' }
  const store = await topicBus(broker.bootstrap, topics)
  await store.publishBatch(batchNumber(1), never)
  await store.publishBatch(batchNumber(2), never)
  const seen: string[] = []
  const first = await topicBus(broker.bootstrap, topics)
  // Takes the first and ends in the middle of the second.
  const middle = Promise.withResolvers<void>()
  first.subscribeBatches(async (batch, signal) => {
    seen.push(batch.batch_id)
    if (seen.length < 2) return
    middle.resolve()
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))))
  })
  await middle.promise
  await first.stop(1000)
  const second = await topicBus(broker.bootstrap, topics)
  second.subscribeBatches(async batch => void seen.push(batch.batch_id))
  await eventually(() => seen.length >= 3)
  assert.deepEqual(
    seen,
    [1, 2, 2].map(number => batchNumber(number).batch_id),
  )
  await second.stop(1000)
  await store.stop(1000)
})

test('CB7: events wait for a broker that is away, within limits, and what has no room is counted', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'capture-bus-'))
  const first = await startChronicle({ dataDir })
  const port = String(first.kafkaPort)
  await first.stop()
  const bus = await topicBus(
    `127.0.0.1:${port}`,
    { events: 'away', batches: 'b' },
    { waitingEventsMax: 50, waitingBytesMax: 1 << 20 },
  )
  for (let number = 0; number < 60; number++) bus.publish(eventNumber(number))
  await eventually(() => bus.health().status === 'warn')
  assert.equal(bus.lost()['no-room'], 10)
  const second = await startChronicle({ dataDir, args: ['--kafka-port', port] })
  const sink = new MemorySink()
  bus.subscribeEvents(sink)
  await eventually(() => sink.events.length === 50)
  assert.deepEqual(sink.events[49], eventNumber(49))
  await bus.stop(1000)
  await second.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('what does not reach the broker before the stop is counted', async () => {
  const bus = await topicBus('127.0.0.1:1', { events: 'e', batches: 'b' })
  for (let number = 0; number < 7; number++) bus.publish(eventNumber(number))
  await bus.stop(50)
  assert.equal(bus.lost().stopped, 7)
})

test('CB7: an event that the broker never takes is given up and counted, and holds nothing up', async () => {
  const topics = { events: 'narrow', batches: 'b' }
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
  const configs = [{ name: 'max.message.bytes', value: '2000' }]
  await admin.createTopics({ topics: [topics.events], partitions: 1, replicas: 1, configs })
  await admin.close()
  const bus = await topicBus(broker.bootstrap, topics)
  for (let number = 0; number < 5; number++) {
    bus.publish(eventNumber(number))
    if (number === 2) bus.publish({ ...eventNumber(9), data: { text: 'x'.repeat(4000) } })
  }
  const sink = new MemorySink()
  bus.subscribeEvents(sink)
  await eventually(() => sink.events.length === 5)
  assert.deepEqual(sink.events, [0, 1, 2, 3, 4].map(eventNumber))
  assert.equal(bus.lost()['too-large'], 1)
  await bus.stop(1000)
})

test('a batch that the broker does not take is refused with its reason', async () => {
  const topics = { events: 'e', batches: 'narrow-batches' }
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
  const configs = [{ name: 'max.message.bytes', value: '2000' }]
  await admin.createTopics({ topics: [topics.batches], partitions: 1, replicas: 1, configs })
  await admin.close()
  const bus = await topicBus(broker.bootstrap, topics)
  const batch = { ...batchNumber(1), counts: { [randomBytes(6_000).toString('base64')]: 1 } }
  await assert.rejects(bus.publishBatch(batch, never), {
    code: 'capture.batch-not-sent',
    message: /MESSAGE_TOO_LARGE|larger|too large/i,
    remedy: /max\.message\.bytes/,
  })
  await bus.stop(1000)
})

test('a batch of many megabytes goes through a topic', async () => {
  const bus = await topicBus(broker.bootstrap, { events: 'e', batches: 'large-batches' })
  const noise = randomBytes(6_000_000).toString('base64')
  const batch = { ...batchNumber(1), counts: { [noise]: 1 } }
  const taken: EventBatch[] = []
  bus.subscribeBatches(async each => void taken.push(each))
  await bus.publishBatch(batch, never)
  await eventually(() => taken.length === 1)
  assert.deepEqual(taken, [batch])
  await bus.stop(1000)
})

test('a bus stops though store and analysis never answer', async () => {
  const topics = { events: 'silent', batches: 'silent-batches' }
  const bus = await topicBus(broker.bootstrap, topics)
  const given: string[] = []
  const never = (what: string) => {
    given.push(what)
    return new Promise<void>(() => undefined)
  }
  bus.subscribeEvents({ receive: () => undefined, receiveFrom: () => never('event'), positionOf: () => 0 })
  bus.subscribeBatches(() => never('batch'))
  bus.publish(eventNumber(1))
  await bus.publishBatch(batchNumber(1), new AbortController().signal)
  await eventually(() => given.length === 2)
  await bus.stop(1000)
  // Neither counts as taken.
  const later = await topicBus(broker.bootstrap, topics)
  later.subscribeBatches(async batch => void given.push(batch.batch_id))
  await eventually(() => given.length === 3)
  await later.stop(1000)
})

test('what another program wrote into the topics is told from events and batches', async () => {
  const topics = { events: 'foreign', batches: 'foreign-batches' }
  const bus = await topicBus(broker.bootstrap, topics)
  const producer = new Producer({ clientId: 'foreign', bootstrapBrokers: [broker.bootstrap], autocreateTopics: true })
  const value = Buffer.from('{"no": "batch"')
  await producer.send({
    messages: [
      { topic: topics.events, value },
      { topic: topics.batches, value },
    ],
  })
  await producer.close()
  bus.publish(eventNumber(1))
  await bus.publishBatch(batchNumber(1), never)
  const sink = new MemorySink()
  const batches: string[] = []
  bus.subscribeEvents(sink)
  bus.subscribeBatches(async batch => void batches.push(batch.batch_id))
  await eventually(() => sink.events.length === 2 && batches.length === 1)
  // The store refuses and counts it.
  assert.deepEqual([...sink.events].sort(), [eventNumber(1), undefined])
  await bus.stop(1000)
})
