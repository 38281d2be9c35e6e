/**
 * Reads a load until it is killed: `ring-reader-child.ts PATH`. Before it releases a slice it says so: position, next, first and last sequence, records, a line
 * for each slice. Ends at once when a record is not what was written, or when anything is damaged.
 */
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openRingReader } from '../src/ring/index.ts'
import { LoadCheck } from './ring-support.ts'

const reader = openRingReader({ path: process.argv[2]! })
const check = new LoadCheck()
writeSync(1, 'ready\n')
for (;;) {
  const slice = reader.read(4096)
  if (!slice) {
    await sleep(1)
    continue
  }
  assert.deepEqual(slice.damage, [])
  for (const record of slice.records) check.see(record)
  const first = slice.records[0]!
  const last = slice.records.at(-1)!
  writeSync(1, `${first.position} ${slice.next} ${first.sequence} ${last.sequence} ${slice.records.length}\n`)
  reader.release(slice.next)
}
