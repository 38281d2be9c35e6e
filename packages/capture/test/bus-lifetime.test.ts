/** Over topics: how long a program lives that does nothing else, and what it has sent when it stops. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startChronicle } from '@chronicle/testing'
import { eventNumber, eventually, MemorySink, topicBus } from './bus-support.ts'
import { idOf, imageOf } from './screenshots-support.ts'

const nobody = '127.0.0.1:1'

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
  const broker = await startChronicle()
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
  await broker.stop()
})
