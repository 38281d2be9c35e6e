import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundBytesMax, lowerBound, upperBound } from '../src/parquet/bounds.ts'

const seed = fc.constantFrom('a', '\u007f', 'é', '\u07ff', '\ud7ff', '\uffff', '😀', '\u{10ffff}')
const texts = fc.tuple(fc.array(seed, { maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 80 }))
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(200).map(length => new Uint8Array(length).fill(0xff)),
)

test('PP4: a shortened bound is on the right side, is said to be one, and of text is text', () => {
  fc.assert(
    fc.property(texts, ([start, end]) => {
      const value = Buffer.from(start.join('') + end)
      for (const bound of checkBounds('string', value)) assert.ok(bound.equals(Buffer.from(bound.toString())))
    }),
    { numRuns: 1000 },
  )
})

test('PP4: bytes that are not text are bounded too, in either type of column', () => {
  fc.assert(fc.property(bytes, value => void checkBounds('binary', Buffer.from(value))))
  fc.assert(fc.property(bytes, value => void checkBounds('string', Buffer.from(value))))
})

function checkBounds(type: 'string' | 'binary', value: Buffer): Buffer[] {
  const lower = lowerBound(type, value)
  const upper = upperBound(type, value)
  assert.ok(Buffer.compare(lower.bytes, value) <= 0)
  assert.ok(Buffer.compare(upper.bytes, value) >= 0)
  assert.equal(lower.exact, Buffer.compare(lower.bytes, value) === 0)
  assert.equal(upper.exact, Buffer.compare(upper.bytes, value) === 0)
  assert.equal(lower.exact, value.length <= boundBytesMax)
  assert.ok(lower.bytes.length <= boundBytesMax)
  // The next character may take a byte more than the one in its place.
  assert.ok(upper.exact || upper.bytes.length <= boundBytesMax + 1)
  return [Buffer.from(lower.bytes), Buffer.from(upper.bytes)]
}

test('the greatest of values have no shorter bound above them', () => {
  const value = Buffer.from('\u{10ffff}'.repeat(20))
  assert.deepEqual(upperBound('string', value), { bytes: value, exact: true })
  assert.deepEqual(upperBound('binary', new Uint8Array(100).fill(0xff)).exact, true)
})

test('a zero is the outer one of its two', () => {
  const bytesOf = (value: number) => new Uint8Array(Float64Array.of(value).buffer)
  for (const zero of [0, -0]) {
    assert.deepEqual(lowerBound('double', bytesOf(zero)).bytes, bytesOf(-0))
    assert.deepEqual(upperBound('double', bytesOf(zero)).bytes, bytesOf(0))
  }
  assert.deepEqual(lowerBound('double', bytesOf(1.5)).bytes, bytesOf(1.5))
})
