import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareKeys } from '../src/key.ts'
import { decodePart, encodePart, nameBytesMax } from '../src/local/path.ts'
import { keysOf, testDirectory } from './support.ts'

const directory = testDirectory()

/** Text of any code points, with a liking for those that file systems and encodings trip over. */
const part = fc
  .array(fc.oneof(fc.constantFrom(...'.-_/%aA0~é\u0301\uff5e\u{1f600}'), fc.string({ unit: 'binary', maxLength: 2 })))
  .map(characters => characters.join(''))

test('O8: every part of a key comes back from the name of its file, and the name is safe everywhere', () => {
  fc.assert(
    fc.property(part, text => {
      const name = encodePart(text)
      assert.match(name, /^$|^(?!\.)(?:[a-z0-9._-]|%[0-9A-F]{2})+$/)
      assert.equal(decodePart(name), text === '' ? undefined : text)
    }),
  )
})

test('O8: different parts have different names, also for who ignores case', () => {
  fc.assert(
    fc.property(part, part, (one, other) => {
      assert.equal(encodePart(one).toLowerCase() === encodePart(other).toLowerCase(), one === other)
    }),
  )
  assert.notEqual(encodePart('\u00e9'), encodePart('e\u0301'))
})

test('O8: a name that no key is written as is no key', () => {
  for (const name of ['', 'A', '%61', '%c3%a9', '%C3', '%ED%A0%80', '.a', '%', '%4', 'a b', 'é', '%2Ea.b%2E']) {
    assert.equal(decodePart(name), undefined, name)
  }
})

test('golden: the names of version 1 stay, or nobody finds the objects that are there', async () => {
  const golden = readFileSync(new URL('./golden/names.v1.tsv', import.meta.url), 'utf8')
  const store = await directory.open()
  for (const line of golden.trimEnd().split('\n')) {
    const [key = '', name = ''] = line.split('\t')
    await store.put(key, Buffer.from(key))
    assert.equal(readFileSync(directory.path(name), 'utf8'), key)
  }
})

test('O7: the order of keys is that of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(part, part, (one, other) => {
      const expected = Buffer.compare(Buffer.from(one), Buffer.from(other))
      assert.equal(Math.sign(compareKeys(one, other)), expected)
    }),
    { examples: [['\uff5e', '\u{1f600}']] },
  )
})

test('a part that is too long for the name of a file is refused, and one that just fits is not', async () => {
  const store = await directory.open()
  const fits = ['a'.repeat(nameBytesMax), 'A'.repeat(nameBytesMax / 3)]
  for (const key of fits) await store.put(key, Buffer.from(key))
  assert.deepEqual(await keysOf(store), fits.toSorted(compareKeys))
  for (const key of fits) {
    const longer = `x/${key}a`
    await assert.rejects(store.put(longer, Buffer.alloc(0)), { code: 'objects.invalid-key' })
    assert.deepEqual(await keysOf(store, { prefix: `${longer}/` }), [])
  }
})
