import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Slabs, type Space } from '../src/slabs.ts'

const readBytesMax = 1024

test('W8: stretches that are held never overlap, whatever order they are given back in', () => {
  const step = fc.record({
    bytes: fc.integer({ min: 1, max: 5000 }),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
    give: fc.nat(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const slabs = new Slabs(readBytesMax, 8)
      const held: { space: Space; end: number; mark: number }[] = []
      for (const [mark, { bytes, used, give }] of steps.entries()) {
        const space = slabs.take(bytes)
        assert.equal(space.end - space.start, bytes)
        const end = space.start + Math.ceil(bytes * used)
        slabs.shorten(space, end)
        space.slab.bytes.fill(mark, space.start, end)
        held.push({ space, end, mark })
        if (give % 3 > 0) slabs.give(held.splice(give % held.length, 1)[0]!.space)
        for (const each of held) {
          const own = each.space.slab.bytes.subarray(each.space.start, each.end)
          assert.ok(
            own.every(byte => byte === each.mark),
            'a stretch stays as it is until it is given back',
          )
        }
      }
    }),
  )
})

test('short reads share a slab, and a slab that nothing points into is used again', () => {
  const slabs = new Slabs(readBytesMax, 8)
  const [first, second] = [slabs.take(100), slabs.take(200)]
  assert.equal(first.slab, second.slab)
  slabs.take(readBytesMax * 4)
  slabs.give(first)
  slabs.give(second)
  assert.equal(slabs.take(readBytesMax * 4).slab, first.slab)
})

test('what is longer than a slab gets memory of its own', () => {
  const slabs = new Slabs(readBytesMax, 8)
  const space = slabs.take(readBytesMax * 4 + 1)
  assert.deepEqual([space.start, space.slab.bytes.length], [0, readBytesMax * 4 + 1])
  slabs.give(space)
  assert.notEqual(slabs.take(10).slab, space.slab)
})
