import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJsonWithData } from '../src/http/json-with-data.ts'

/** Puts the long strings back, to compare with what JSON.parse gives. */
function restored(value: unknown, longText: (text: string) => string): unknown {
  if (typeof value === 'string') return longText(value)
  if (Array.isArray(value)) return value.map(each => restored(each, longText))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [longText(key), restored(each, longText)]))
}

const long = (seed: string, chars: number): string => seed.repeat(chars)

test('with long strings or without, the result is that of JSON.parse', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab"\\{}[]:, \u0001') }),
    fc.integer({ min: 16_300, max: 16_500 }).map(chars => long('x', chars)),
    fc.constant(`text 0 of 20000 bytes`.padEnd(16 * 1024, '.')),
  )
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(text, fc.integer(), fc.constant(null), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  }))
  fc.assert(
    fc.property(value, value => {
      const parsed = parseJsonWithData(Buffer.from(JSON.stringify(value)))
      assert.deepEqual(restored(parsed.value, parsed.longText), JSON.parse(JSON.stringify(value)))
    }),
    { numRuns: 300 },
  )
})

test('a text that looks like what stands for a long one is its own', () => {
  const stands = 'text 0 of 20000 bytes'.padEnd(16 * 1024, '.')
  const { value, longText } = parseJsonWithData(Buffer.from(JSON.stringify([stands, long('y', 20_000)])))
  assert.deepEqual((value as string[]).map(longText), [stands, long('y', 20_000)])
})

test('what is no JSON in UTF-8 is a SyntaxError, also around long strings', () => {
  const data = long('A', 20_000)
  for (const text of ['', '{', `{"data":"${data}`, `{"data":"${data}"`, `{"data" "${data}"}`, `"${data}" "${data}"`]) {
    assert.throws(() => parseJsonWithData(Buffer.from(text)), SyntaxError, text.slice(0, 20))
  }
  assert.throws(() => parseJsonWithData(Buffer.from([0x22, 0xff, 0x22])), SyntaxError)
})
