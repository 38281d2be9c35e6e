import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { binary, bool, boolList, encodeStruct, i16, i32, i64, list, string, struct } from '../src/parquet/thrift.ts'
import { readStruct } from './parquet-support.ts'

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('fields are numbered by their distance, integers are zigzag varints, booleans are their type', () => {
  assert.equal(hex(encodeStruct({ 1: i32(1), 3: i32(-1), 20: i64(300) })), '1502250106' + '28' + 'd804' + '00')
  assert.equal(hex(encodeStruct({ 1: bool(true), 2: bool(false), 3: i16(2) })), '11' + '12' + '1404' + '00')
  assert.equal(hex(encodeStruct({ 2: string('é'), 3: struct({}) })), '2802c3a9' + '1c00' + '00')
})

test('lists name their type once, and their length in the same byte up to 14', () => {
  assert.equal(hex(encodeStruct({ 1: list([i32(1), i32(2)]) })), '1925020400')
  assert.equal(hex(encodeStruct({ 1: boolList([true, false]) })), '1921010200')
  assert.equal(hex(encodeStruct({ 1: boolList(Array(15).fill(true)) })), `19f10f${'01'.repeat(15)}00`)
  assert.equal(hex(encodeStruct({ 1: list([]) })), '190c00')
})

test('what is left out is not written', () => {
  assert.equal(hex(encodeStruct({ 1: undefined, 2: i32(0) })), '250000')
})

test('integers of all sizes and long byte strings come back', () => {
  const count = fc.integer({ min: 0, max: 2 ** 52 - 1 })
  fc.assert(
    fc.property(fc.integer(), count, fc.uint8Array({ maxLength: 500 }), (a, b, bytes) => {
      const { struct: read, end } = readStruct(Buffer.from(encodeStruct({ 4: i32(a), 7: i64(b), 9: binary(bytes) })))
      assert.equal(read[4], a)
      assert.equal(read[7], b)
      assert.deepEqual(read[9], Buffer.from(bytes))
      assert.ok(end > 0)
    }),
  )
})
