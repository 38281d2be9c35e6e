import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  binary,
  bool,
  boolList,
  encodeStruct,
  i16,
  i32,
  i64,
  list,
  string,
  struct,
  type Thrift,
} from '../src/parquet/thrift.ts'
import { readStruct as readThrift } from '../src/parquet/thrift-reader.ts'
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

/** Structs of all types that are read, nested, as the writer's own values. */
const { value: thriftValue } = fc.letrec<{ value: Thrift }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer().map(i32),
    fc.integer({ min: -0x8000, max: 0x7fff }).map(i16),
    fc.integer({ min: 0, max: 2 ** 52 }).map(i64),
    fc.boolean().map(bool),
    fc.uint8Array({ maxLength: 40 }).map(binary),
    fc.array(fc.boolean(), { maxLength: 40 }).map(boolList),
    fc.array(fc.integer(), { maxLength: 40 }).map(items => list(items.map(i32))),
    fc.dictionary(fc.integer({ min: 1, max: 0x7fff }).map(String), tie('value'), { maxKeys: 5 }).map(struct),
  ),
}))
const structs = fc.dictionary(fc.integer({ min: 1, max: 0x7fff }).map(String), thriftValue, { maxKeys: 8 })

test('what is read and written again has the same bytes', () => {
  fc.assert(
    fc.property(structs, fields => {
      const bytes = encodeStruct(fields)
      const read = readThrift(Buffer.concat([bytes, Buffer.from('behind it')]), 'struct')
      assert.equal(read.end, bytes.length)
      assert.equal(hex(encodeStruct(read.struct.fields)), hex(bytes))
    }),
  )
})

test('types that only others write stay as they are: bytes, doubles, sets, numbers that are longer than need be', () => {
  const foreign = ['1308', '17182d4454fb210940', '1a250204', '168080808000', '1c1100', '00'].join('')
  assert.equal(hex(encodeStruct(readThrift(Buffer.from(foreign, 'hex'), 'struct').struct.fields)), foreign)
})

const refused = { code: 'packer.parquet-damaged' }

test('whatever the bytes are, reading ends: with a struct within them, or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      try {
        assert.ok(readThrift(bytes, 'struct').end <= bytes.length)
      } catch (error) {
        assert.equal((error as { code?: string }).code, refused.code)
      }
    }),
    { numRuns: 2000 },
  )
})

for (const [what, bytes, reason] of [
  ['a list of more elements than bytes are left', '19f1ffffff7f0000', /a length goes beyond the end/],
  ['a list of some more elements than bytes are left', '19610101010000', /a list is longer than what is left/],
  ['a text longer than all', '18ff7f0000', /a length goes beyond the end/],
  ['a text longer than what is left', '1805616200', /a value goes beyond the end/],
  ['a number of more than 64 bits', `16${'ff'.repeat(10)}0100`, /more than 64 bits/],
  ['structs in structs, too deep', `${'1c'.repeat(20)}${'00'.repeat(21)}`, /nested too deep/],
  ['lists in lists, too deep', `19${'19'.repeat(20)}0500`, /nested too deep/],
  ['a field twice', '15020502020002020200', /a number that cannot be/],
  ['a type that is none', '1e00', /no use for/],
  ['a struct without its end', '1502', /ends too early/],
] as const) {
  test(`refused: ${what}`, () => {
    assert.throws(() => readThrift(Buffer.from(bytes, 'hex'), 'struct'), { ...refused, message: reason })
  })
}

test('what is nested as deep as the format needs is read', () => {
  const nested = `${'1c'.repeat(12)}${'00'.repeat(13)}`
  assert.equal(readThrift(Buffer.from(nested, 'hex'), 'struct').end, 25)
})

test('a field that is missing, of another type, negative or too large is an error with its number', () => {
  const { struct: read } = readThrift(encodeStruct({ 1: i32(-1), 2: string('x'), 3: list([i32(1)]) }), 'footer')
  for (const ask of [
    () => read.count(1),
    () => read.count(2),
    () => read.binary(3),
    () => read.structs(3),
    () => read.struct(4),
    () => read.boolean(4),
  ]) {
    assert.throws(ask, { ...refused, message: /part: footer, reason: field \d/ })
  }
})
