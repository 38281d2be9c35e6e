import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkBatch } from '../src/check-batch.ts'
import { encodeRecord } from '../src/encode-batch.ts'
import { RecordReader } from '../src/records.ts'
import { resolveConfig } from '../src/topic-configs.ts'

const now = Date.UTC(2026, 10, 21)
const settings = { ...resolveConfig({}), compacted: true }

test('a record that this process writes is taken by the log and read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 70_000 }), (key, value) => {
      const batch = encodeRecord(Buffer.from(key), Buffer.from(value), now)
      assert.equal(checkBatch(batch, settings, now, 1 << 20), now)
      const reader = new RecordReader(batch, 0, 1 << 20)
      assert.ok(reader.next())
      assert.deepEqual([reader.offset, reader.timestamp], [0, now])
      assert.deepEqual(reader.key, Buffer.from(key))
      assert.deepEqual(reader.value, Buffer.from(value))
      assert.equal(reader.next(), false)
    }),
  )
})
