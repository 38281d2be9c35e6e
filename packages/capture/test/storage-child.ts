/**
 * A whole capture that is busy until it is killed: `node storage-child.ts DATABASE SEED`. Stops in good order when it gets SIGTERM. Says, a line each:
 *
 * - `left N`: files of screenshots that are there once it has started
 * - `ready`, and `stopping` when it stops
 * - `key HEX`: a key of a screenshot, before it is used
 * - `stored ID …`: events that the store has
 * - `batch BATCH-ID ID …`: a batch that was taken
 */
import { readdirSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Random, seededRandom, systemRandom } from '@chronicle/base'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { pathsBeside } from '../src/paths.ts'
import { privateEvents, privateImages, screenshotOf } from './storage-support.ts'

const [databasePath, seed] = [process.argv[2]!, Number(process.argv[3])]
const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

/** Tells the keys of screenshots from whatever else is drawn by who draws them. */
const watched: Random = {
  ...systemRandom,
  bytes(length) {
    const bytes = systemRandom.bytes(length)
    if (new Error().stack?.includes('shot-key.ts')) say('key', Buffer.from(bytes).toString('hex'))
    return bytes
  },
}

const storage = await StorageModule.create({
  ...defaultConfig,
  batchWindowSeconds: 1,
  allowedLatenessMs: 50,
  screenshotMemoryThresholdMb: 1,
  // Bursts that do not fit go through the spill.
  queueEventsMax: 100,
  databasePath,
  random: watched,
})
say('left', readdirSync(pathsBeside(databasePath).screenshots).length)
storage.bus.subscribeBatches(async batch => {
  say('batch', batch.batch_id, ...batch.events.map(event => event.id))
  await storage.analysed(batch)
})
await storage.run()
// What an earlier life has left in the spill.
await storage.flushed()
const ofEarlierLives = storage.metrics().events.stored

let isStopping = false
process.once('SIGTERM', () => {
  isStopping = true
  say('stopping')
  void storage.shutdown().then(() => process.exit())
})

/** Also those whose screenshot was still looked at when the queue was empty. */
async function stored(): Promise<void> {
  for (;;) {
    await storage.flushed()
    const { events } = storage.metrics()
    if (events.stored === events.received + ofEarlierLives) return
    await sleep(1)
  }
}

const random = seededRandom(seed)
const images = await privateImages()
say('ready')
while (!isStopping) {
  const events = privateEvents(1 + random.int(300))
  for (let shots = random.int(4); shots > 0; shots--) {
    const filling = random.int(random.int(2) === 0 ? 10_000 : 4_000_000)
    events.push(screenshotOf(systemRandom.uuid(), filling, images[random.int(images.length)]!))
  }
  for (const event of events) storage.bus.publish(event)
  await stored()
  if (!isStopping) say('stored', ...events.map(({ id }) => id))
}
