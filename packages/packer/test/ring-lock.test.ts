/** What a side of a ring leaves beside it. */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { openRingReader, openRingWriter } from '../src/index.ts'
import { ringPath } from './ring-support.ts'

test('PR5: a side that is taken is a lock on an empty file, and nothing else lies beside the ring', async t => {
  const path = ringPath(t)
  const names = ['ring', 'ring.reader-lock', 'ring.writer-lock']
  const look = () => {
    assert.deepEqual(readdirSync(dirname(path)).sort(), names)
    for (const name of names.slice(1)) assert.equal(statSync(`${dirname(path)}/${name}`).size, 0)
  }
  const writer = await openRingWriter({ path, capacityBytes: 1024 })
  const reader = openRingReader({ path })
  look()
  writer.close()
  reader.close()
  look()
})
