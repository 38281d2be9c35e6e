import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isLongerThan } from '../src/bus/json-size.ts'
import { encodeEvent } from '../src/bus/topic-message.ts'
import { eventNumber } from './bus-support.ts'

test('CB5: what is far too large for a record is not written out to find that', () => {
  const holes = new Array(2 ** 32 - 1)
  const written = fc.jsonValue({ maxDepth: 5 }).map(value => [value, JSON.stringify(value)] as const)
  fc.assert(
    fc.property(written, fc.nat(), ([value, { length }], less) => {
      assert.ok(!isLongerThan(value, length), 'nothing that fits is turned away')
      assert.ok(isLongerThan([value, holes], length + less))
    }),
  )
  assert.equal(encodeEvent({ ...eventNumber(1), data: { holes } }), 'too-large')
  assert.equal(encodeEvent({ ...eventNumber(1), data: { bytes: Buffer.alloc(2_000_000) } }), 'too-large')
  assert.ok(Buffer.isBuffer(encodeEvent({ ...eventNumber(1), data: { list: new Array(500_000).fill(1) } })))
})
