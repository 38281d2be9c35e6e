import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  batchBaseOffset,
  batchBytes,
  batchEndOffset,
  batchMaxTimestamp,
  batchProducerId,
  int64At,
  patchBatch,
  putInt64,
} from '../src/batch.ts'
import { checkBatch } from '../src/check-batch.ts'
import { RecordReader, resolveConfig } from '../src/index.ts'
import { Cursor, putVarint } from '../src/varint.ts'
import { batchOf, plainBatch, seal, type TestBatch } from './support/batches.ts'

const now = 1_700_000_000_000
const settings = resolveConfig({})
const bytesMax = 1024 * 1024
const check = (batch: Buffer, configs = {}) => checkBatch(batch, resolveConfig(configs), now, bytesMax)

const golden: TestBatch = {
  producerId: 4711,
  producerEpoch: 3,
  baseSequence: 40,
  transactional: true,
  records: [
    {
      key: 'k1',
      value: 'v1',
      timestamp: now,
      headers: [
        ['trace', Buffer.from('ab')],
        ['none', null],
      ],
    },
    { key: null, value: null, timestamp: now + 5 },
  ],
}

test('a record batch has the bytes that Kafka gives it', () => {
  const expected = readFileSync(new URL('./golden/batch-v2.hex', import.meta.url), 'utf8').replaceAll(/\s/g, '')
  assert.equal(batchOf(golden).toString('hex'), expected)
  const batch = Buffer.from(expected, 'hex')
  assert.equal(batchProducerId(batch, 0), 4711)
  assert.equal(batchMaxTimestamp(batch, 0), now + 5)
  assert.equal(batchBytes(batch, 0), batch.length)
})

test('patching changes base offset and leader epoch and nothing that the CRC covers', () => {
  const batch = batchOf(golden)
  const before = Buffer.from(batch)
  patchBatch(batch, 0, 2 ** 40 + 7, 9)
  assert.equal(batchBaseOffset(batch, 0), 2 ** 40 + 7)
  assert.equal(batchEndOffset(batch, 0), 2 ** 40 + 9)
  assert.deepEqual(batch.subarray(16), before.subarray(16))
  assert.equal(check(batch), now + 5)
})

test('64-bit numbers and varints come back', () => {
  const bytes = Buffer.alloc(16)
  const whole = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(whole, value => {
      putInt64(bytes, 3, value)
      assert.equal(int64At(bytes, 3), value)
      assert.equal(bytes.readBigInt64BE(3), BigInt(value))
    }),
  )
  const small = fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    whole.map(n => Math.trunc(n / 4) + 0),
  )
  fc.assert(
    fc.property(small, value => {
      const end = putVarint(bytes, 0, value)
      const cursor = new Cursor(bytes, 0, end)
      assert.equal(cursor.varlong(), value)
      assert.equal(cursor.at, end)
      const narrow = new Cursor(bytes, 0, end)
      if (value === (value | 0)) assert.equal(narrow.varint(), value)
      const short = new Cursor(bytes, 0, end - 1)
      short.varlong()
      assert.equal(short.at, -1)
    }),
  )
})

const codecs = ['none', 'gzip', 'snappy', 'xerial', 'lz4', 'zstd'] as const

test('records come back as they were sent, whatever the compression', () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map(b => Buffer.from(b)))
  const header = fc.tuple(fc.string({ maxLength: 8 }), bytes)
  const record = fc.record({
    key: bytes,
    value: bytes,
    timestamp: fc.integer({ min: now - 1e9, max: now }),
    headers: fc.array(header, { maxLength: 3 }),
  })
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.constantFrom(...codecs), (records, codec) => {
      const batch = batchOf({ records, codec })
      assert.equal(check(batch), Math.max(...records.map(r => r.timestamp)))
      patchBatch(batch, 0, 1000, 0)
      const reader = new RecordReader(batch, 0, bytesMax)
      for (const [n, expected] of records.entries()) {
        assert.ok(reader.next())
        assert.equal(reader.offset, 1000 + n)
        assert.equal(reader.timestamp, expected.timestamp)
        assert.deepEqual(reader.key, expected.key)
        assert.deepEqual(reader.value, expected.value)
        assert.deepEqual(
          reader.headers().map(h => [h.key, h.value]),
          expected.headers,
        )
      }
      assert.equal(reader.next(), false)
    }),
    { numRuns: 150 },
  )
})

test('what would decompress beyond the limit is refused before it does', () => {
  for (const codec of codecs.slice(1)) {
    const bomb = batchOf({ records: [{ value: Buffer.alloc(4 * bytesMax) }], codec })
    assert.throws(() => new RecordReader(bomb, 0, bytesMax), { code: 'log.limit' }, codec)
  }
})

test('records that are cut off or lie about lengths are refused, never read beyond', () => {
  fc.assert(
    fc.property(fc.constantFrom(...codecs), fc.nat(), fc.nat(255), (codec, at, byte) => {
      const batch = batchOf({
        records: [
          { key: 'key', value: 'value' },
          { value: 'x', headers: [['h', null]] },
        ],
        codec,
      })
      batch[61 + (at % (batch.length - 61))] = byte
      try {
        const reader = new RecordReader(batch, 0, bytesMax)
        while (reader.next()) {
          reader.headers()
          assert.ok((reader.key?.length ?? 0) + (reader.value?.length ?? 0) < 2 * bytesMax)
        }
      } catch (error) {
        assert.match((error as { code: string }).code, /^log\.(invalid-record|limit)$/)
      }
    }),
    { numRuns: 500 },
  )
})

type Refusal = [name: string, code: string, make: () => Buffer, configs?: Record<string, string>]

const changed = (change: (batch: Buffer) => void, given: TestBatch = golden, sealed = true): Buffer => {
  const batch = batchOf(given)
  change(batch)
  return sealed ? seal(batch) : batch
}

const refusals: Refusal[] = [
  ['shorter than a header', 'log.corrupt-batch', () => batchOf(golden).subarray(0, 60)],
  ['cut off', 'log.corrupt-batch', () => batchOf(golden).subarray(0, -1)],
  ['length beyond the bytes', 'log.corrupt-batch', () => changed(b => b.writeInt32BE(b.length, 8))],
  ['negative length', 'log.corrupt-batch', () => changed(b => b.writeInt32BE(-1, 8))],
  ['two batches', 'log.corrupt-batch', () => Buffer.concat([batchOf(golden), batchOf(golden)])],
  ['a flipped bit', 'log.corrupt-batch', () => changed(b => b.writeUInt8(b[70]! ^ 1, 70), golden, false)],
  ['magic 1', 'log.unsupported-magic', () => changed(b => b.writeUInt8(1, 16))],
  ['magic 0 in few bytes', 'log.unsupported-magic', () => changed(b => b.writeUInt8(0, 16)).subarray(0, 34)],
  ['too large', 'log.batch-too-large', () => plainBatch(1, 2000), { 'max.message.bytes': '1000' }],
  ['no records', 'log.invalid-record', () => changed(b => b.writeInt32BE(0, 57))],
  [
    'a last offset delta that does not fit a compressed batch',
    'log.invalid-record',
    () => changed(b => b.writeInt32BE(5, 23), { ...golden, codec: 'lz4' }),
  ],
  ['a count that is too high', 'log.invalid-record', () => changed(b => b.writeInt32BE(3, 57))],
  [
    'count and last offset delta too high',
    'log.invalid-record',
    () =>
      changed(b => {
        b.writeInt32BE(3, 57)
        b.writeInt32BE(2, 23)
      }),
  ],
  [
    'count and last offset delta too low',
    'log.invalid-record',
    () =>
      changed(b => {
        b.writeInt32BE(1, 57)
        b.writeInt32BE(0, 23)
      }),
  ],
  ['a record length beyond the batch', 'log.invalid-record', () => changed(b => b.writeUInt8(0x7e, 61))],
  [
    'an offset delta that skips',
    'log.invalid-record',
    () => changed(b => b.writeUInt8(2, 64), { records: [{ value: 'v' }] }),
  ],
  ['an unknown compression', 'log.invalid-record', () => changed(b => b.writeInt16BE(7, 21))],
  ['a control batch', 'log.invalid-record', () => changed(b => b.writeInt16BE(0x20, 21))],
  [
    'transactional without a producer',
    'log.invalid-record',
    () => batchOf({ records: [{ value: 'v' }], transactional: true }),
  ],
  ['a producer without an epoch', 'log.invalid-record', () => batchOf({ ...golden, producerEpoch: -1 })],
  ['a producer without a sequence', 'log.invalid-record', () => batchOf({ ...golden, baseSequence: -1 })],
  ['a producer id below −1', 'log.invalid-record', () => batchOf({ ...golden, producerId: -2 })],
  ['log append time', 'log.invalid-timestamp', () => changed(b => b.writeInt16BE(0x08, 21))],
  ['a timestamp too far ahead', 'log.invalid-timestamp', () => plainBatch(1, 10, { timestamp: now + 3_600_001 })],
  [
    'a timestamp too far back',
    'log.invalid-timestamp',
    () => plainBatch(1, 10, { timestamp: now - 11 }),
    { 'message.timestamp.before.max.ms': '10' },
  ],
  ['a negative timestamp', 'log.invalid-timestamp', () => plainBatch(1, 10, { timestamp: -5 })],
  ['no key on a compacted topic', 'log.invalid-record', () => batchOf(golden), { 'cleanup.policy': 'compact' }],
  [
    'no key, compressed, on a compacted topic',
    'log.invalid-record',
    () => batchOf({ ...golden, codec: 'zstd' }),
    { 'cleanup.policy': 'delete,compact' },
  ],
]

for (const [name, code, make, configs] of refusals) {
  test(`L1: refused: ${name}`, () => {
    assert.throws(() => check(make(), configs), { code })
  })
}

test('what Kafka takes is taken: no timestamp, keys on a compacted topic, a last timestamp given as the largest', () => {
  assert.equal(check(plainBatch(1, 10, { timestamp: -1 })), -1)
  const keyed = batchOf({ codec: 'gzip', records: [{ key: 'k', value: null }] })
  assert.equal(checkBatch(keyed, { ...settings, compacted: true }, now, bytesMax), now)
  const records = [
    { value: 'a', timestamp: now },
    { value: 'b', timestamp: now - 50 },
  ]
  assert.equal(check(batchOf({ records, maxTimestamp: now - 50 })), now)
})

test('no bytes make the check do anything but accept or refuse', () => {
  const arbitrary = fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.boolean())
  fc.assert(
    fc.property(arbitrary, ([at, bytes, sealed]) => {
      const batch = batchOf(golden)
      Buffer.from(bytes).copy(batch, at % batch.length)
      if (sealed) seal(batch)
      try {
        check(batch)
      } catch (error) {
        assert.match((error as { code: string }).code, /^log\./)
      }
    }),
    { numRuns: 1000 },
  )
})
