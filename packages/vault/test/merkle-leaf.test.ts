import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, canonicalJsonBytesMax, canonicalJsonDepthMax } from '../src/merkle/canonical-json.ts'
import { saltedLeaf } from '../src/merkle/salted-leaf.ts'
import { hex, refusal, someHash } from './merkle-support.ts'

test('the examples of RFC 8785', () => {
  const escaping = '€$\u000F\u000aA\'\u0042\u0022\u005c\\"/'
  assert.equal(
    canonicalJson({
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27],
      string: escaping,
      literals: [null, true, false],
    }),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  const members = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew',
    '1': 'One',
    '\ud83d\ude00': 'Emoji',
    '\u0080': 'Control',
    '\u00f6': 'Latin',
  }
  const order = [...canonicalJson(members).matchAll(/:"(\w+)/g)].map(([, word]) => word)
  assert.deepEqual(order, ['Carriage', 'One', 'Control', 'Latin', 'Euro', 'Emoji', 'Hebrew'])
})

test('members in their order, numbers in their shortest form', () => {
  const members = JSON.parse(
    '{"1": {"f": {"f": "hi","F": 5} ,"\\n": 56.0},"10": { },"": "empty","a": { },"111": [ { } ],"A": { },"__proto__": 1}',
  )
  assert.equal(
    canonicalJson(members),
    '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"__proto__":1,"a":{}}',
  )
  assert.equal(canonicalJson(5e-324), '5e-324')
  assert.equal(canonicalJson(1.7976931348623157e308), '1.7976931348623157e+308')
  assert.equal(canonicalJson(-0), '0')
  assert.equal(canonicalJson(999999999999999900000), '999999999999999900000')
  assert.equal(canonicalJson(1e21), '1e+21')
  assert.equal(canonicalJson(0.000001), '0.000001')
  assert.equal(canonicalJson(9.999999999999997e-7), '9.999999999999997e-7')
})

test('VM7: what is written is JSON, says the same, and is the same whatever the order it came in', () => {
  const json = fc.jsonValue({ maxDepth: 4 })
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, member]) => [name, shuffled(member)]),
    )
  }
  fc.assert(
    fc.property(json, value => {
      const plain = JSON.parse(JSON.stringify(value))
      const text = canonicalJson(plain)
      assert.deepEqual(JSON.parse(text), plain)
      assert.equal(canonicalJson(shuffled(plain)), text)
      assert.equal(canonicalJson(JSON.parse(text)), text)
    }),
  )
})

test('VM7: what has no canonical form is refused, with its place', () => {
  class Point {
    x = 1
  }
  const values: unknown[] = [
    ...[undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol('s'), () => 1, new Date(0), new Map(), new Point()],
    ...[
      '\ud800',
      '\udc00a',
      Buffer.alloc(1),
      new Uint8Array(2),
      new String('s'),
      /x/,
      new Array(1),
      Object.create({ inherited: 1 }),
    ],
  ]
  for (const value of values) {
    assert.throws(() => canonicalJson(value), refusal('vault.not-canonical'))
    assert.throws(() => canonicalJson({ 'a/b': [0, value] }), refusal('vault.not-canonical', /at: \/a~1b\/1/))
  }
  assert.throws(() => canonicalJson({ '\ud800': 1 }), refusal('vault.not-canonical'))
  assert.throws(() => canonicalJson({ [Symbol('s')]: 1 }), refusal('vault.not-canonical'))
})

test('VM7: depth and size have limits, cycles and values that repeat themselves among them', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])
  assert.equal(canonicalJson(nested(canonicalJsonDepthMax)).length, 2 * canonicalJsonDepthMax + 1)
  assert.throws(() => canonicalJson(nested(canonicalJsonDepthMax + 1)), refusal('vault.not-canonical', /levels/))
  const cycle: unknown[] = []
  cycle.push(cycle)
  assert.throws(() => canonicalJson(cycle), refusal('vault.not-canonical', /levels/))
  let doubled: unknown = 'x'
  for (let level = 0; level < 60; level++) doubled = [doubled, doubled]
  assert.throws(() => canonicalJson(doubled), refusal('vault.not-canonical', /bytes/))
  assert.equal(canonicalJson('x'.repeat(canonicalJsonBytesMax - 2)).length, canonicalJsonBytesMax)
  assert.throws(() => canonicalJson('x'.repeat(canonicalJsonBytesMax - 1)), refusal('vault.not-canonical', /bytes/))
  assert.throws(() => canonicalJson('€'.repeat(canonicalJsonBytesMax / 3)), refusal('vault.not-canonical', /bytes/))
})

test('VM6: a leaf is the SHA-256 of salt, payload hash and canonical metadata, one behind the other', () => {
  const expected = createHash('sha256').update(someHash(1)).update(someHash(2)).update('{"a":"€","b":1}').digest('hex')
  assert.equal(hex(saltedLeaf(someHash(1), someHash(2), { b: 1, a: '€' })), expected)
  assert.notEqual(hex(saltedLeaf(someHash(2), someHash(1), { b: 1, a: '€' })), expected)
})

test('VM6: a salt or a payload hash of another length is refused', () => {
  for (const bytes of [0, 31, 33, 64]) {
    const wrong = new Uint8Array(bytes)
    assert.throws(() => saltedLeaf(wrong, someHash(2), null), refusal('vault.invalid-argument', /salt/))
    assert.throws(() => saltedLeaf(someHash(1), wrong, null), refusal('vault.invalid-argument', /payloadHash/))
  }
  assert.throws(() => saltedLeaf(someHash(1), someHash(2), undefined), refusal('vault.not-canonical'))
})
