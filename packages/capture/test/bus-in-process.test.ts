import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscribersMax } from '../src/bus/in-process-bus.ts'
import { InProcessBus, type Subscription } from '../src/bus/index.ts'
import { batchNumber, eventNumber, MemorySink } from './bus-support.ts'

test('CB5: events that reach nobody are counted', () => {
  const bus = new InProcessBus()
  bus.publish(eventNumber(1))
  const sink = new MemorySink()
  sink.receive = () => {
    throw new Error('broken')
  }
  bus.subscribeEvents(sink)
  bus.publish(eventNumber(2))
  assert.deepEqual(bus.lost(), { 'no-subscriber': 1, 'subscriber-failed': 1 })
})

test('CB5: one that throws keeps nothing from the others', () => {
  const bus = new InProcessBus()
  const [broken, whole] = [new MemorySink(), new MemorySink()]
  broken.receive = () => {
    throw new Error('broken')
  }
  bus.subscribeEvents(broken)
  bus.subscribeEvents(whole)
  bus.publish(eventNumber(1))
  assert.equal(whole.events.length, 1)
})

test('a batch that nobody takes is given back when its time is over', async () => {
  const bus = new InProcessBus()
  const abort = new AbortController()
  const published = bus.publishBatch(batchNumber(1), abort.signal)
  abort.abort()
  await assert.rejects(published, /Nobody has taken a batch/)
  bus.subscribeBatches(() => new Promise(() => undefined))
  const second = new AbortController()
  const silent = bus.publishBatch(batchNumber(1), second.signal)
  second.abort()
  await assert.rejects(silent, /Nobody has taken a batch/)
})

test('there are no more subscribers than the bus takes', async () => {
  const bus = new InProcessBus()
  const subscriptions: Subscription[] = []
  for (let one = 0; one < subscribersMax; one++) subscriptions.push(bus.subscribeBatches(async () => undefined))
  assert.throws(() => bus.subscribeBatches(async () => undefined), /as many subscribers as it takes/)
  await subscriptions[0]!.close()
  bus.subscribeBatches(async () => undefined)
})
