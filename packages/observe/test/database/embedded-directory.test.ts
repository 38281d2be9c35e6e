import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ensureDirectory } from '../../src/database/embedded-directory.ts'
import { openDatabase } from '../../src/database/open.ts'
import { freshDirectory } from '../support/databases.ts'

test('OD10: an embedded database is made beside the work of this process, whole, without what a crash left', async () => {
  const parent = freshDirectory()
  mkdirSync(join(parent, 'pg.making-aB3dE6'))
  const directory = join(parent, 'pg')
  const startedAt = performance.now()
  let longestMs = 0
  let turnedAt = startedAt
  const turn = (): void => {
    const now = performance.now()
    longestMs = Math.max(longestMs, now - turnedAt)
    turnedAt = now
    turning = setImmediate(turn)
  }
  let turning = setImmediate(turn)
  await ensureDirectory(directory)
  clearImmediate(turning)
  // Whatever the machine: were it made here, nearly all of the time would be one turn.
  const share = longestMs / (performance.now() - startedAt)
  assert.ok(share < 0.5, `one turn of the event loop took ${share} of the time`)
  assert.deepEqual(readdirSync(parent), ['pg'])
  const madeOnce = readFileSync(join(directory, 'global/pg_control'))
  await ensureDirectory(directory)
  assert.deepEqual(readFileSync(join(directory, 'global/pg_control')), madeOnce)
  const database = await openDatabase({ directory })
  assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }])
  await database.close()
})

test('OD10: what is in the place of the directory and is none is not touched', async () => {
  const directory = freshDirectory()
  writeFileSync(join(directory, 'letters.txt'), 'kept')
  await assert.rejects(ensureDirectory(directory), { code: 'observe.database-unavailable' })
  assert.deepEqual(readdirSync(directory), ['letters.txt'])
  await assert.rejects(ensureDirectory(join(directory, 'letters.txt')), { code: 'observe.database-unavailable' })
})
