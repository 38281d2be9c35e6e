import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { openPrivatePlace } from '../src/archive-sql/private-place.ts'
import { serverErrors } from '../src/errors.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-private-place-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

let made = 0
function directory(): string {
  const path = join(scratch, `${made++}`)
  mkdirSync(path)
  return path
}

/** As where there is no file system in memory: the disk is taken. */
function onDisk(path: string) {
  const place = openPrivatePlace({ bytes: 0, directory: path, clock: systemClock, memoryDirectory: '/none' })
  assert.deepEqual([place.directory, place.isMemory], [path, false])
  return place
}

test('S16: a file has no name when it is given out, and reads back by its path', async () => {
  const path = directory()
  const { handle, path: byPath } = await onDisk(path).create()
  assert.deepEqual(readdirSync(path), [])
  assert.equal((await handle.stat()).mode & 0o777, 0o600)
  await handle.write('secret')
  assert.deepEqual(readdirSync(path), [])
  assert.equal(readFileSync(byPath, 'utf8'), 'secret')
  await handle.close()
  assert.equal(existsSync(byPath), false)
})

test('memory is taken where it has the room, or else the disk, or it is refused with what is free', () => {
  const path = directory()
  const options = { directory: path, clock: systemClock }
  if (existsSync('/dev/shm')) assert.equal(openPrivatePlace({ ...options, bytes: 1 }).isMemory, true)
  assert.throws(
    () => openPrivatePlace({ ...options, bytes: Number.MAX_SAFE_INTEGER }),
    error => serverErrors.is(error) && error.code === 'server.no-private-place' && error.details.directory === path,
  )
  assert.throws(
    () => openPrivatePlace({ ...options, directory: join(path, 'none'), bytes: 1, memoryDirectory: '/none' }),
    error => serverErrors.is(error) && error.code === 'server.no-private-place',
  )
})

test('S16: what a killed process has left is swept after a minute, and nothing else', async () => {
  const path = directory()
  for (const name of ['chronicle-private-old', 'chronicle-private-new', 'other-old']) {
    mkdirSync(join(path, name))
    writeFileSync(join(path, name, 'plain'), '')
  }
  const long = systemClock.now() / 1000 - 61
  for (const name of ['chronicle-private-old', 'other-old']) utimesSync(join(path, name), long, long)
  onDisk(path)
  assert.deepEqual(readdirSync(path).sort(), ['chronicle-private-new', 'other-old'])
})
