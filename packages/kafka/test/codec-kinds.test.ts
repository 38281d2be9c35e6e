import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decodeResponse, encodeResponse } from '../src/codec/messages.ts'
import {
  api,
  array,
  between,
  bool,
  bytes,
  float64,
  int8,
  int16,
  int32,
  int64,
  nullable,
  nullByDefault,
  records,
  since,
  string,
  struct,
  tagged,
  uint16,
  uint32,
  until,
  uuid,
  withDefault,
} from '../src/codec/schema.ts'
import { hex } from './bytes.ts'
import { arbitraryValue, layoutOf, readBack, versionsOf } from './values.ts'

/** Every kind, plain, nullable, in an array, tagged: also what no message of Kafka's uses yet. */
const everything = api({
  key: 32_000,
  name: 'Everything',
  versions: [0, 3],
  flexible: 2,
  about: 'For tests.',
  request: {},
  response: {
    small: uint16,
    large: uint32,
    real: float64,
    flag: bool,
    tiny: int8,
    id: uuid,
    numbers: array(int64),
    shorts: array(int16),
    ids: array(uuid),
    names: array(nullable(string)),
    blobs: nullable(array(bytes), 1),
    lists: array(array(int32)),
    pairs: array({ left: int32, right: int32 }),
    inner: struct({ deep: struct({ word: string, count: since(1, int16) }) }),
    perhaps: nullByDefault(struct({ at: int64, names: array(string) })),
    old: until(1, string),
    middle: between(1, 2, withDefault(7, int8)),
    nothing: nullable(bytes, 2),
    batches: records,
    text: since(2, tagged(3, withDefault('as usual', string))),
    place: since(2, tagged(5, struct({ host: string, port: withDefault(9092, int32) }))),
    maybe: since(3, tagged(0, nullByDefault(string))),
    many: since(2, tagged(127, array({ id: uuid, more: tagged(0, int16) }))),
    ratio: since(2, tagged(9, float64)),
  },
})

test('K7: every kind, wherever it may stand, is read back', () => {
  for (const version of versionsOf(everything)) {
    const layout = layoutOf(everything, version)
    fc.assert(
      fc.property(arbitraryValue(everything.response, layout), value => {
        const { pieces } = encodeResponse(everything, version, 1, value as never)
        const back = decodeResponse(everything, version, Buffer.concat(pieces).subarray(4))
        assert.deepEqual(back.value, readBack(everything.response, layout, value))
      }),
      { numRuns: 100, seed: 20260103 },
    )
  }
})

describe('numbers', () => {
  const numbers = api({
    key: 32_001,
    name: 'Numbers',
    versions: [0, 0],
    flexible: 1,
    about: 'For tests.',
    request: {},
    response: { a: uint16, b: uint32, c: float64, d: int8 },
  })
  const encoded = (value: { a: number; b: number; c: number; d: number }) =>
    Buffer.concat(encodeResponse(numbers, 0, 1, value).pieces)
      .subarray(8)
      .toString('hex')

  test('at their bounds', () => {
    assert.equal(
      encoded({ a: 0xffff, b: 0xffffffff, c: -1.5, d: -128 }),
      hex('ffff ffffffff bff8000000000000 80').toString('hex'),
    )
  })

  test('K4: past them', () => {
    const zero = { a: 0, b: 0, c: 0, d: 0 }
    for (const value of [{ a: -1 }, { a: 65_536 }, { b: -1 }, { b: 2 ** 32 }, { b: 0.5 }, { d: 128 }, { d: -129 }]) {
      assert.throws(() => encoded({ ...zero, ...value }), {
        code: 'kafka.unwritable',
        message: new RegExp(`field: ${Object.keys(value)[0]}`),
      })
    }
    assert.throws(() => encoded({ ...zero, c: '1' as unknown as number }), { code: 'kafka.unwritable' })
  })
})

test('a tag that is given twice does not compile', () => {
  const twice = api({
    key: 32_002,
    name: 'Twice',
    versions: [0, 0],
    flexible: 0,
    about: 'For tests.',
    request: {},
    response: { a: tagged(1, int8), b: tagged(1, int8) },
  })
  assert.throws(() => encodeResponse(twice, 0, 1, {}), /a tag is given twice: a, b/)
})
