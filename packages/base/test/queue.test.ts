import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BoundedQueue } from '../src/index.ts'

test('B2: a bounded queue behaves as an array that refuses to pass its limit', () => {
  const operations = fc.array(fc.oneof(fc.nat(), fc.constant(undefined)), { maxLength: 200 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), operations, (capacity, steps) => {
      const queue = new BoundedQueue<number>(capacity)
      const model: number[] = []
      for (const step of steps) {
        if (step === undefined) assert.equal(queue.shift(), model.shift())
        else assert.equal(queue.push(step), model.length < capacity && model.push(step) > 0)
        assert.equal(queue.length, model.length)
        assert.equal(queue.peek(), model[0])
      }
    }),
  )
})
