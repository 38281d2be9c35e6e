import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IdSet } from '../src/archive/id-set.ts'
import { readIdSet } from '../src/archive/id-set-reader.ts'
import { SipHash } from '../src/archive/siphash.ts'
import { packerErrors } from '../src/errors.ts'

const key = Uint8Array.from({ length: 16 }, (_, at) => at)

test('SipHash-2-4-128 gives what its reference code gives', () => {
  const found = new Uint32Array(4)
  const input = Uint8Array.from({ length: 16 }, (_, at) => at)
  const hash = (from: number, end: number) => {
    new SipHash(key).hash(input, from, end, found)
    return Buffer.from(found.buffer).toString('hex')
  }
  assert.equal(hash(0, 0), 'a3817f04ba25a8e66df67214c7550293')
  assert.equal(hash(0, 1), 'da87c1d86b99af44347659119b22fc45')
})

test('PA5: an id is new once, over many tables, and after it was written and read', () => {
  const ids = Buffer.from(Array.from({ length: 60_000 }, (_, at) => `${at}`.padStart(8, '0')).join(''))
  let set = new IdSet(key)
  const add = (at: number) => set.add(ids, at * 8, at * 8 + 8)
  for (let at = 0; at < 40_000; at++) assert.ok(add(at))
  set = readIdSet(set.pieces())
  for (let at = 0; at < 60_000; at++) assert.equal(add(at), at >= 40_000)
  assert.equal(set.has(ids, 0, 8), true)
  assert.equal(set.has(ids, 0, 7), false)
})

test('ids that were damaged on the disk are refused', () => {
  const set = new IdSet(key)
  set.add(key, 0, 4)
  const good = Buffer.concat([...set.pieces()])
  fc.assert(
    fc.property(fc.nat(good.length - 1), end => {
      assert.throws(
        () => readIdSet([good.subarray(0, end)]),
        (error: unknown) => packerErrors.is(error),
      )
    }),
    { numRuns: 200 },
  )
})

test('ids whose tables could not be looked through are refused', () => {
  const set = new IdSet(key)
  set.add(key, 0, 4)
  const good = Buffer.concat([...set.pieces()])
  const changed = (change: (file: Buffer) => void) => {
    const file = Buffer.from(good)
    change(file)
    return () => readIdSet([file])
  }
  const isDamaged = (error: unknown) => packerErrors.is(error) && error.code === 'packer.ids-damaged'
  assert.doesNotThrow(changed(() => undefined))
  assert.throws(
    changed(file => file.fill(1, 32).writeUInt32LE(16_384, 28)),
    isDamaged,
  )
  assert.throws(
    changed(file => file.writeUInt32LE(16_383, 24)),
    isDamaged,
  )
  assert.throws(
    changed(file => file.writeUInt32LE(2, 28)),
    isDamaged,
  )
  assert.throws(() => readIdSet([good, Buffer.alloc(1)]), isDamaged)
})

test('PA5: an id is found in whatever pieces its file is read', () => {
  const set = new IdSet(key)
  const ids = Buffer.from(Array.from({ length: 30_000 }, (_, at) => `${at}`.padStart(8, '0')).join(''))
  for (let at = 0; at < 30_000; at++) set.add(ids, at * 8, at * 8 + 8)
  const file = Buffer.concat([...set.pieces()])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), size => {
      const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, at) => {
        return file.subarray(at * size, (at + 1) * size)
      })
      const found = readIdSet(pieces)
      for (let at = 0; at < 30_000; at += 997) assert.ok(found.has(ids, at * 8, at * 8 + 8))
    }),
    { numRuns: 20, examples: [[1]] },
  )
})
