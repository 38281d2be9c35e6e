import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BloomFilter, bloomFilterBytes, bloomFilterBytesMax } from '../src/parquet/bloom-filter.ts'
import { xxHash64 } from '../src/parquet/xxhash64.ts'
import { mayContain, xxHash64Slowly } from './parquet-bloom-support.ts'

function hash(bytes: Uint8Array, from = 0, to = bytes.length): bigint {
  const halves = { high: 0, low: 0 }
  xxHash64(bytes, from, to, halves)
  return (BigInt(halves.high >>> 0) << 32n) | BigInt(halves.low >>> 0)
}

test('XXH64 of texts whose hashes are published', () => {
  const texts = ['', 'a', 'abc', 'Nobody inspects the spammish repetition']
  const hashes = texts.map(text => hash(Buffer.from(text)).toString(16))
  assert.deepEqual(hashes, ['ef46db3751d8e999', 'd24ec4f1a98c6e5b', '44bc2cf5ad770999', 'fbcea83c8a378bf1'])
})

test('XXH64 in halves is XXH64, at every length and place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (bytes, skip) => {
      const from = Math.min(skip, bytes.length)
      assert.equal(hash(bytes, from), xxHash64Slowly(bytes.subarray(from)))
    }),
    { numRuns: 500 },
  )
})

test('PP6: every value that was put in is found, and of others about the share that was asked for', () => {
  for (const [fpp, least] of [
    [0.1, 0.005],
    [0.01, 0.0002],
  ] as const) {
    const filter = new BloomFilter(bloomFilterBytes(5000, fpp))
    for (let n = 0; n < 5000; n++) {
      const halves = { high: 0, low: 0 }
      const bytes = Buffer.from(`in ${n}`)
      xxHash64(bytes, 0, bytes.length, halves)
      filter.insert(halves)
    }
    const found = (prefix: string) =>
      Array.from({ length: 5000 }, (_, n) => mayContain(filter.bytes, Buffer.from(`${prefix} ${n}`))).filter(Boolean)
    assert.equal(found('in').length, 5000)
    const share = found('out').length / 5000
    assert.ok(share <= fpp * 1.2 && share >= least, `${share} for ${fpp}`)
  }
})

test('sizes are powers of two, from a block to the greatest that readers take', () => {
  assert.equal(bloomFilterBytes(0, 0.1), 32)
  assert.equal(bloomFilterBytes(1000, 0.1), 1024)
  assert.equal(bloomFilterBytes(1000, 0.01), 2048)
  assert.equal(bloomFilterBytes(1e9, 0.0001), bloomFilterBytesMax)
})
