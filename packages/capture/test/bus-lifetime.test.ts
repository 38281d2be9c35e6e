/** Over topics: how long a program lives that does nothing else, and what it has sent when it stops. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Admin, ListOffsetTimestamps } from '@platformatic/kafka'
import { eventNumber, eventually, MemorySink, topicBus } from './bus-support.ts'
import { idOf, imageOf } from './screenshots-support.ts'

const nobody = '127.0.0.1:1'
let broker: ChronicleProcess

before(async () => {
  broker = await startChronicle()
})
after(() => broker.stop())

/** Standard output of a program that has a bus of a broker at which nobody answers. It rejects where the program fails. */
async function programWith(body: string): Promise<string> {
  const door = new URL('../src/index.ts', import.meta.url).href
  const program = `import { openTopicBus } from '${door}'
    const bus = await openTopicBus({ bootstrap: '${nobody}' })
    ${body}`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return stdout.trim()
}

test('a program that waits for batches lives until its bus stops, and no longer', async () => {
  // The timer by itself keeps nothing alive.
  const printed = await programWith(`bus.subscribeBatches(async () => undefined)
    setTimeout(() => { console.log('alive'); void bus.stop(0) }, 300).unref()`)
  assert.equal(printed, 'alive')
})

test('a program that stops its bus gets an answer though no broker does, and what was not sent is counted', async () => {
  const printed = await programWith(`bus.publish({})
    await bus.stop(300)
    console.log(bus.lost().stopped)`)
  assert.equal(printed, '1')
})

test('a program that publishes a screenshot and stops has sent it, within the time that it gives', async () => {
  const topics = { events: 'short', batches: 'short-batches' }
  const store = await topicBus(broker.bootstrap, topics)
  const sink = new MemorySink()
  store.subscribeEvents(sink)
  const publisher = await topicBus(broker.bootstrap, topics)
  publisher.publish({
    ...eventNumber(1),
    event_type: 'screenshot',
    data: { screenshot_id: idOf(1), image: imageOf(100) },
  })
  await publisher.stop(20_000)
  assert.equal(publisher.lost()['no-store'], 0)
  await eventually(() => sink.events.length === 1)
  await store.stop(1000)
})

test('a new publisher seals for the store that runs, not for one that it took the place of', {
  timeout: 30_000,
}, async () => {
  const topics = { events: 'taken-over', batches: 'taken-over-batches' }
  const sink = new MemorySink()
  for (let store = 1; store <= 2; store++) {
    const bus = await topicBus(broker.bootstrap, topics)
    bus.subscribeEvents(store === 2 ? sink : new MemorySink())
    await keysAreTold(`${topics.events}-keys`, store)
    if (store === 1) await bus.stop(1000)
    else after(() => bus.stop(1000))
  }
  const publisher = await topicBus(broker.bootstrap, topics)
  const data = { screenshot_id: idOf(1), image: imageOf(100) }
  publisher.publish({ ...eventNumber(1), event_type: 'screenshot', data })
  await publisher.stop(20_000)
  await eventually(() => sink.events.length === 1)
  assert.ok((sink.events[0] as { data: { image?: unknown } }).data.image, 'the store can open it')
})

async function keysAreTold(topic: string, count: number): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.bootstrap] })
  const asked = [{ partitionIndex: 0, timestamp: ListOffsetTimestamps.LATEST }]
  const told = async () => (await admin.listOffsets({ topics: [{ name: topic, partitions: asked }] }))[0]
  while (Number((await told().catch(() => undefined))?.partitions[0]?.offset ?? 0) < count) await sleep(25)
  await admin.close()
}
