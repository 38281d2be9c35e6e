import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJson, jsonDepthMax } from '../src/intake/json.ts'

function judge(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Among other bytes that would continue the text: what lies outside of the range must not be looked at. */
function check(text: string): boolean {
  const bytes = Buffer.from(text)
  const around = Buffer.concat([Buffer.from('1"'), bytes, Buffer.from('1"}]')])
  const found = isJson(around, 2, 2 + bytes.length)
  assert.equal(found, isJson(bytes, 0, bytes.length))
  return found
}

test('JSON is what JSON.parse takes: texts that were written, spaced and damaged', () => {
  const edits = fc.array(
    fc.record({ at: fc.nat(), del: fc.nat(2), ins: fc.string({ maxLength: 2, unit: 'binary-ascii' }) }),
    { maxLength: 2 },
  )
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, ' ', '\t', 2), edits, (value, space, changes) => {
      let text = JSON.stringify(value, null, space)
      for (const { at, del, ins } of changes) {
        const from = at % (text.length + 1)
        text = text.slice(0, from) + ins + text.slice(from + del)
      }
      assert.equal(check(text), judge(text), JSON.stringify(text))
    }),
    { numRuns: 3000 },
  )
})

test('JSON is what JSON.parse takes: texts made of its own marks', () => {
  const marks = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '"a"',
    '\\',
    '\\u00e9',
    '\\"',
    '0',
    '-',
    '1',
    '.5',
    'e',
    'E+',
    'true',
    'null',
    'fals',
    ' ',
    '\n',
    '\u0001',
    '\ufeff',
    'é',
  )
  fc.assert(
    fc.property(fc.array(marks, { maxLength: 9 }), parts => {
      const text = parts.join('')
      assert.equal(check(text), judge(text), JSON.stringify(text))
    }),
    { numRuns: 20_000 },
  )
})

test('JSON that is nested deeper than the limit is refused, and up to it is not', () => {
  assert.equal(check('['.repeat(jsonDepthMax) + ']'.repeat(jsonDepthMax)), true)
  assert.equal(check('['.repeat(jsonDepthMax + 1) + ']'.repeat(jsonDepthMax + 1)), false)
})
