import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchHeaderBytes } from '../src/batch.ts'
import { checkBatch } from '../src/check-batch.ts'
import { encodeRecord, encodeRecords, recordOverheadBytesMax } from '../src/encode-batch.ts'
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

test('several records that this process writes are one batch that the log takes, in their order', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array))
  fc.assert(
    fc.property(fc.array(fc.record({ key: bytes, value: bytes }), { minLength: 1, maxLength: 200 }), records => {
      const batch = encodeRecords(records, now)
      assert.equal(checkBatch(batch, settings, now, 1 << 20), now)
      const reader = new RecordReader(batch, 0, 1 << 20)
      for (const [offset, { key, value }] of records.entries()) {
        assert.ok(reader.next())
        assert.deepEqual([reader.offset, reader.timestamp], [offset, now])
        assert.deepEqual([reader.key, reader.value], [key, value])
      }
      assert.equal(reader.next(), false)
      const content = records.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
      assert.ok(batch.length <= batchHeaderBytes + content + records.length * recordOverheadBytesMax)
    }),
  )
})
