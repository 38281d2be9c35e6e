import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bucketOf, combine, durationAtRank, durationOf, emptySketch, type Sketch } from '../../src/projection/sketch.ts'

/** From milliseconds to years: as many short ones as long ones. */
const duration = fc.oneof(
  fc.nat(300),
  fc.tuple(fc.double({ min: 0, max: 53, noNaN: true })).map(([bits]) => Math.floor(2 ** bits) - 1),
  fc.tuple(fc.integer({ min: 1, max: 52 }), fc.integer({ min: -1, max: 1 })).map(([bits, off]) => 2 ** bits + off),
)

const sketchOf = (durations: readonly number[]) =>
  durations.reduce<Sketch>((sketch, ms) => combine(sketch, { [bucketOf(ms)]: 1 }, 1)!, emptySketch)

test('buckets follow each other without a gap', () => {
  let bucket = 0
  for (let ms = 0; ms < 300_000; ms++) {
    const next = bucketOf(ms)
    assert.ok(next === bucket || next === bucket + 1, `${ms} ms`)
    bucket = next
  }
  // As the table at the top of the file has it.
  assert.deepEqual([127, 128, 129, 130, 255, 256, 511, 512].map(bucketOf), [127, 128, 128, 129, 191, 192, 255, 256])
})

test('OE5: the middle of its bucket is within 1 % of any duration', () => {
  fc.assert(
    fc.property(duration, duration, (a, b) => {
      const middle = durationOf(bucketOf(a))
      assert.ok(Math.abs(middle - a) <= a / 128, `${a} ms became ${middle} ms`)
      assert.equal(bucketOf(middle), bucketOf(a))
      if (a < b) assert.ok(bucketOf(a) <= bucketOf(b))
    }),
    { numRuns: 5000 },
  )
})

test('OE5: a rank gives a duration within 1 % of the exact one', () => {
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 200 }), fc.nat(), (durations, at) => {
      const rank = (at % durations.length) + 1
      const exact = durations.toSorted((a, b) => a - b)[rank - 1]!
      assert.ok(Math.abs(durationAtRank(sketchOf(durations), rank) - exact) <= 0.01 * exact)
    }),
    { numRuns: 1000 },
  )
})

test('OE4: sketches add up in any order, and what was added can be taken away', () => {
  const some = fc.array(duration, { maxLength: 30 })
  fc.assert(
    fc.property(some, some, some, (a, b, c) => {
      const [x, y, z] = [sketchOf(a), sketchOf(b), sketchOf(c)]
      const xy = combine(x, y, 1)!
      assert.deepEqual(combine(xy, z, 1), combine(x, combine(y, z, 1)!, 1))
      assert.deepEqual(xy, combine(y, x, 1))
      assert.deepEqual(combine(xy, y, -1), x)
      assert.deepEqual(combine(xy, xy, -1), emptySketch)
    }),
  )
  assert.equal(combine({ 7: 1 }, { 7: 2 }, -1), undefined)
  assert.equal(combine({ 7: 1 }, { 8: 1 }, -1), undefined)
})
