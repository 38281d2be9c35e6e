import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteBuffer } from '../src/parquet/byte-buffer.ts'
import { bitWidth, writeHybrid } from '../src/parquet/hybrid.ts'

function encode(numbers: readonly number[], width: number): Buffer {
  const out = new ByteBuffer()
  writeHybrid(out, Int32Array.from(numbers), 0, numbers.length, width)
  return Buffer.from(out.copy())
}

function decode(bytes: Buffer, width: number, count: number): number[] {
  const numbers: number[] = []
  let at = 0
  while (at < bytes.length) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      header |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    if (header & 1) {
      const bits = (header >> 1) * 8
      const packed = BigInt(
        `0x${Buffer.from(bytes.subarray(at, at + (bits * width) / 8))
          .reverse()
          .toString('hex')}`,
      )
      for (let n = 0; n < bits; n++) numbers.push(Number((packed >> BigInt(n * width)) & ((1n << BigInt(width)) - 1n)))
      at += (bits * width) / 8
    } else {
      const size = Math.ceil(width / 8)
      numbers.push(...Array(header >> 1).fill(bytes.readUIntLE(at, size)))
      at += size
    }
  }
  return numbers.slice(0, count)
}

test("the example of Parquet's specification: 0 to 7 in three bits each", () => {
  assert.equal(encode([0, 1, 2, 3, 4, 5, 6, 7], 3).toString('hex'), '0388c6fa')
})

test('eight and more of the same are a run', () => {
  assert.equal(encode(Array(1000).fill(300), 9).toString('hex'), 'd00f2c01')
  assert.equal(encode([], 1).toString('hex'), '')
})

test('what was encoded comes back, and takes no more than one byte for eight numbers beside them', () => {
  const runs = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 40 })), { maxLength: 60 })
  fc.assert(
    fc.property(runs, fc.integer({ min: 1, max: 24 }), (pairs, width) => {
      const numbers = pairs.flatMap(([value, count]) => Array(count).fill(value % 2 ** width))
      const bytes = encode(numbers, width)
      assert.deepEqual(decode(bytes, width, numbers.length), numbers)
      // `pages.ts` counts on this bound (PP2).
      assert.ok(bytes.length * 8 <= numbers.length * Math.max(width + 1, 2) + width * 8 + 24, `${bytes.length}`)
    }),
  )
})

test('the width is that of the greatest number', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 255, 256].map(bitWidth), [0, 1, 2, 2, 3, 8, 9])
})
