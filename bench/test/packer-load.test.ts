import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { decodeEvents, encodeFrame, frameDefaults } from '@chronicle/packer'
import { EventRecords, rowsPerRecord, writeEventRecords } from '../load/event-records.ts'
import { pngOf, screen } from '../load/screen.ts'

test('records of events are whole, in order, and no id comes twice, also the second time round', t => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'records-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'records')
  writeEventRecords(file)
  const records = new EventRecords(file)
  const ids = new Set<string>()
  let last = 0n
  for (let count = 1; count <= 130; count++) {
    for (const { columns, refusals } of decodeEvents(records.next())) {
      assert.deepEqual([columns.rows, refusals.length], [rowsPerRecord, 0])
      assert.ok(columns.timestampNs[0]! > last)
      last = columns.timestampNs[rowsPerRecord - 1]!
      const { offsets, bytes } = columns.eventId
      const text = Buffer.from(bytes).toString('latin1')
      for (let row = 0; row < rowsPerRecord; row++) ids.add(text.slice(offsets[row], offsets[row + 1]))
    }
    assert.equal(ids.size, count * rowsPerRecord)
  }
  records.close()
})

test('the picture of a screen is a PNG that can be decoded', async () => {
  const ids = { timestampNs: 1n, sessionId: 's', eventId: 'e', metadata: '{}' }
  const encoded = await encodeFrame({ ...ids, format: 'png', image: pngOf(screen(64, 48)) }, frameDefaults)
  assert.ok('width' in encoded && encoded.width === 64 && encoded.height === 48)
})
