/**
 * A process that writes the events of `lifeOf` into a database from where the tables stand, and says `done`: what is killed and started again in crash tests.
 * `node writing-process.ts '{"url":"…"}'`
 */
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/open.ts'
import { applyRetention } from '../../src/store/retention.ts'
import { batchesFrom, nowMs, writerOf } from './store.ts'

const database = await openDatabase(JSON.parse(process.argv[2]!))
await migrate(database)
await applyRetention(database, nowMs)
const { writer } = writerOf(database)
console.log('writing')
const [position] = await writer.positions()
for (const batch of batchesFrom(position?.offset ?? 0)) await writer.write(batch)
await database.close()
console.log('done')
