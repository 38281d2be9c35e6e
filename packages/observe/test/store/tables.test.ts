import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ChronicleError } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { type DatabasePlace, openDatabase } from '../../src/database/open.ts'
import { Tables } from '../../src/store/tables.ts'
import { freshDirectory, postgres, realPostgres } from '../support/databases.ts'
import { eventually } from '../support/nats-house.ts'
import { clock, event } from '../support/store.ts'

const deadLetters = { add: async () => undefined }
const position = { topicId: 'log', partition: 0, offset: 1 }
const batch = { events: [event('a', 1)], positions: [{ ...position, from: undefined }] }

test('OD8: nothing is opened before somebody needs it, and what was written is there after the next start', async () => {
  const directory = join(freshDirectory(), 'pg')
  const open = () => new Tables({ place: () => ({ directory }), clock, logger: silentLogger })
  const tables = open()
  const writer = tables.writer(deadLetters)
  assert.deepEqual([tables.state, existsSync(directory)], ['unused', false])
  const report = await writer.write(batch)
  assert.deepEqual([tables.state, report.inserted], ['open', 1])
  await tables.stop()
  assert.equal(tables.state, 'closed')
  await assert.rejects(writer.write(batch), { code: 'observe.database-unavailable' })
  const again = open()
  assert.deepEqual(await again.writer(deadLetters).positions(), [position])
  assert.equal((await again.writer(deadLetters).write(batch)).duplicates, 1)
  await again.stop()
})

test('OD8: where opening fails the next one tries again, at the place that is named then', {
  skip: realPostgres.skip,
}, async () => {
  const server = await postgres()
  const good = { url: await server.createDatabase() }
  const places: DatabasePlace[] = [
    { url: 'postgres://127.0.0.1:1/x' },
    { url: server.url.replace(server.password, 'wrong') },
    good,
  ]
  const tables = new Tables({ place: () => places.shift()!, clock, logger: silentLogger })
  const writer = tables.writer(deadLetters)
  await assert.rejects(writer.positions(), { code: 'observe.database-unavailable' })
  assert.equal(tables.state, 'failed')
  await assert.rejects(writer.write(batch), { code: 'observe.database-refused' })
  const [first, second] = await Promise.all([writer.write(batch), tables.database()])
  assert.deepEqual([first.inserted, second.kind, tables.state, places.length], [1, 'postgresql', 'open', 0])
  await tables.stop()
})

test('OD9: where the login is refused, a place that is another one by now is opened', {
  skip: realPostgres.skip,
}, async () => {
  const server = await postgres()
  const admin = await openDatabase({ url: server.url })
  const [first, second] = [await server.createDatabase(), await server.createDatabase()]
  const urlOf = (url: string, password: string): string => url.replace(/\/\/.*@/, `//rotated:${password}@`)
  let url = urlOf(first, 'before')
  let asked = 0
  const place = (): DatabasePlace => {
    asked++
    return { url }
  }
  await admin.script(`create role rotated superuser login password 'before'`)
  const tables = new Tables({ place, clock, logger: silentLogger })
  const writer = tables.writer(deadLetters)
  const rotate = async (): Promise<void> => {
    await admin.script(`alter role rotated password 'after'`)
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'`)
    await eventually(() => fails(writer, 'observe.database-refused'))
  }
  await writer.write(batch)
  await rotate()
  assert.deepEqual([tables.state, asked > 1], ['open', true], 'it was asked again, and is no other one')
  url = urlOf(first, 'after')
  await fails(writer, 'observe.database-refused')
  await eventually(async () => !(await fails(writer)))
  assert.deepEqual(await writer.positions(), [position])
  url = urlOf(second, 'later')
  await admin.script(`alter role rotated password 'later'`)
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'`)
  await eventually(async () => !(await fails(writer)))
  assert.deepEqual(await writer.positions(), [], 'the other database is asked how far it is')
  await tables.stop()
  await admin.close()
})

/** Whether asking for the positions fails, with this code where one is given. */
async function fails(writer: ReturnType<Tables['writer']>, code?: string): Promise<boolean> {
  try {
    await writer.positions()
    return false
  } catch (error) {
    return code === undefined || (error as ChronicleError).code === code
  }
}
