import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeBase64 } from '../src/http/base64.ts'

test('every sequence of bytes comes back from its base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      const buffer = Buffer.from(bytes)
      assert.deepEqual(decodeBase64(buffer.toString('base64')), buffer)
    }),
  )
})

test('whatever is taken is the base64 of what it gives: nothing is skipped, nothing is guessed', () => {
  const nearlyBase64 = fc.string({ unit: fc.constantFrom(...'AQZaz09+/=-_ \n\0é€łŁ'), maxLength: 16 })
  fc.assert(
    fc.property(nearlyBase64, text => {
      const bytes = decodeBase64(text)
      if (bytes !== undefined) assert.equal(bytes.toString('base64'), text)
    }),
    { numRuns: 5000 },
  )
})

test('forms that lenient decoders take are refused', () => {
  for (const text of [
    'QQ',
    'QQ=',
    'QR==',
    'QUJ=',
    'Q-_=',
    '-_-_',
    'QQ==QQ==',
    ' QQ=',
    'QQ==\n\n\n\n',
    '====',
    'QU\u0142D',
  ]) {
    assert.equal(decodeBase64(text), undefined, JSON.stringify(text))
  }
  assert.deepEqual(decodeBase64(''), Buffer.alloc(0))
})
