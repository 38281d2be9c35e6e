/** A whole capture in a process of its own, with one screenshot: `node door-child.ts DATABASE BYTES`. Says its id once its bytes are to be had. */
import { randomUUID } from 'node:crypto'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { eventually } from './bus-support.ts'
import { screenshotOf } from './storage-support.ts'

const [databasePath, bytes] = process.argv.slice(2)
const storage = await StorageModule.create({ ...defaultConfig, databasePath: databasePath!, batchWindowSeconds: 3600 })
await storage.run()
const id = randomUUID()
storage.bus.publish(screenshotOf(id, Number(bytes)))
await eventually(() => storage.metrics().events.stored === 1)
console.log(id)
process.once('SIGTERM', () => void storage.shutdown().then(() => process.exit()))
// Timers of capture do not keep a process alive.
setInterval(() => undefined, 60_000)
