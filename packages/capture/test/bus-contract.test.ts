/** What every bus does. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { type Bus, InProcessBus } from '../src/bus/index.ts'
import type { EventBatch } from '../src/contract.ts'
import { batchNumber, eventNumber, eventually, MemorySink, topicBus } from './bus-support.ts'

const never = new AbortController().signal
let broker: ChronicleProcess
let made = 0

before(async () => {
  broker = await startChronicle()
})
after(() => broker.stop())

const buses: readonly [name: string, make: () => Promise<Bus>][] = [
  ['in one process', async () => new InProcessBus()],
  ['over topics', async () => topicBus(broker.bootstrap, { events: `raw-${++made}`, batches: `batches-${made}` })],
]

for (const [name, make] of buses)
  describe(name, () => {
    async function withBus(use: (bus: Bus) => Promise<void>): Promise<void> {
      const bus = await make()
      try {
        await use(bus)
      } finally {
        await bus.stop(5000)
      }
    }

    test('CB6: what is published comes to the store once, in its order', () =>
      withBus(async bus => {
        const sink = new MemorySink()
        bus.subscribeEvents(sink)
        for (let number = 0; number < 3000; number++) bus.publish(eventNumber(number))
        await eventually(() => sink.events.length >= 3000)
        assert.deepEqual(
          sink.events,
          Array.from({ length: 3000 }, (_, number) => eventNumber(number)),
        )
      }))

    test('CB5: whatever is published, the publisher is not told', () =>
      withBus(async bus => {
        const sink = new MemorySink()
        const receive = sink.receive.bind(sink)
        sink.receive = message => {
          if (message.event === null) throw new Error('a subscriber that throws')
          receive(message)
        }
        bus.subscribeEvents(sink)
        const circle: Record<string, unknown> = {}
        circle.self = circle
        const hostile = {
          get data() {
            throw new Error('a getter that throws')
          },
        }
        for (const event of [undefined, null, 1n, circle, hostile, () => 1]) assert.equal(bus.publish(event), undefined)
        bus.publish(eventNumber(1))
        await eventually(() =>
          JSON.stringify(sink.events.at(-1) === undefined ? 0 : (sink.events.at(-1) as object)).includes('"number":1'),
        )
      }))

    test('CW4: a batch is given until it is taken', () =>
      withBus(async bus => {
        const taken: string[] = []
        let refusals = 2
        const taking = bus.subscribeBatches(async batch => {
          if (refusals-- > 0) throw new Error('busy')
          taken.push(batch.batch_id)
        })
        // Over topics the bus tries again; in one process whoever publishes does.
        while (taken.length === 0) {
          try {
            await bus.publishBatch(batchNumber(1), never)
            await eventually(() => taken.length > 0)
          } catch (error) {
            assert.match(String(error), /busy/)
          }
        }
        assert.deepEqual(taken, [batchNumber(1).batch_id])
        await taking.close()
      }))

    test('a batch is what was published', () =>
      withBus(async bus => {
        const taken: EventBatch[] = []
        bus.subscribeBatches(async batch => void taken.push(batch))
        await bus.publishBatch(batchNumber(2), never)
        await eventually(() => taken.length === 1)
        assert.deepEqual(taken, [batchNumber(2)])
      }))

    test('batches wait for who takes them', () =>
      withBus(async bus => {
        const published = bus.publishBatch(batchNumber(3), never)
        const taken: string[] = []
        bus.subscribeBatches(async batch => void taken.push(batch.batch_id))
        await published
        await eventually(() => taken.length === 1)
      }))

    test('nothing comes any more once a subscription is closed', () =>
      withBus(async bus => {
        const [first, second] = [new MemorySink(), new MemorySink()]
        const subscription = bus.subscribeEvents(first)
        bus.publish(eventNumber(1))
        await eventually(() => first.events.length === 1)
        await subscription.close()
        bus.subscribeEvents(second)
        bus.publish(eventNumber(2))
        await eventually(() => second.events.length > 0)
        assert.equal(first.events.length, 1)
      }))
  })
