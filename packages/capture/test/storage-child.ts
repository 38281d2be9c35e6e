/**
 * A whole capture that is busy until it is killed: `node storage-child.ts DATABASE`. Says "ready", the ids of events once they are stored (`stored ID …`), and each batch that
 * it has taken (`batch BATCH-ID ID …`).
 */
import { randomInt, randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { noteOf, screenshotOf } from './storage-support.ts'

const say = (...words: readonly string[]): void => void writeSync(1, `${words.join(' ')}\n`)
const config = { ...defaultConfig, batchWindowSeconds: 1, allowedLatenessMs: 50, screenshotMemoryThresholdMb: 1 }
const storage = await StorageModule.create({ ...config, databasePath: process.argv[2]! })
storage.bus.subscribeBatches(async batch => {
  say('batch', batch.batch_id, ...batch.events.map(event => event.id))
  await storage.analysed(batch)
})
await storage.run()
say('ready')
for (;;) {
  const ids = Array.from({ length: 1 + randomInt(200) }, () => randomUUID())
  for (const id of ids) storage.bus.publish(noteOf(id))
  storage.bus.publish(screenshotOf(randomUUID(), 1000 + randomInt(4_000_000)))
  await storage.flushed()
  say('stored', ...ids)
}
