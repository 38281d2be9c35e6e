import assert from 'node:assert/strict'
import { mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import fc from 'fast-check'
import { type ObjectInfo, openLocalStore } from '../src/index.ts'
import { compareKeys } from '../src/key.ts'
import { keysOf, testDirectory } from './support.ts'

const directory = testDirectory()

/** Few characters, around the slash in the order of bytes, so that names meet. */
const piece = fc.string({ unit: fc.constantFrom('a', '-', '.', '0', 'A', '\uff5e', '\u{1f600}'), maxLength: 3 })
const key = fc.array(piece, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/'))
const isKey = (text: string): boolean => text.split('/').every(part => !['', '.', '..'].includes(part))

test('O7: any listing is what a sorted array gives', async () => {
  const text = fc.oneof(
    key,
    piece,
    key.map(each => `${each}/`),
  )
  const property = fc.asyncProperty(
    fc.uniqueArray(key.filter(isKey), { maxLength: 12 }),
    fc.array(fc.record({ prefix: text, startAfter: text, limit: fc.nat(13) }, { requiredKeys: [] }), { maxLength: 12 }),
    async (drawn, queries) => {
      const keys = drawn.filter(each => !drawn.some(other => other.startsWith(`${each}/`)))
      const root = directory.path(systemRandom.uuid())
      const store = await openLocalStore({ directory: root, random: systemRandom })
      for (const each of keys) await store.put(each, Buffer.alloc(0))
      for (const { prefix = '', startAfter = '', limit = 100, ...rest } of [{}, ...queries]) {
        const expected = keys
          .filter(each => each.startsWith(prefix) && compareKeys(each, startAfter) > 0)
          .sort(compareKeys)
          .slice(0, limit)
        assert.deepEqual(await keysOf(store, { prefix, startAfter, limit, ...rest }), expected)
      }
      await store.close()
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

test('O7: directories before the start, and beside the prefix, are not read', async t => {
  const store = await directory.open()
  for (const name of ['a/1', 'b/c/1', 'b/d/1', 'e/1']) await store.put(name, Buffer.alloc(0))
  const read = async (options: Parameters<typeof keysOf>[1]): Promise<string[]> => {
    const names = ['', 'a', 'b', 'b/c', 'b/d', 'e']
    for (const name of names) utimesSync(directory.path(name), 0, 1)
    await keysOf(store, options)
    return names.filter(name => statSync(directory.path(name)).atimeMs > 0)
  }
  const all = await read({})
  if (all.length === 0) return t.skip('this file system does not keep the times of accesses')
  assert.deepEqual(all, ['', 'a', 'b', 'b/c', 'b/d', 'e'])
  assert.deepEqual(await read({ startAfter: 'b/c/2' }), ['', 'b', 'b/c', 'b/d', 'e'])
  assert.deepEqual(await read({ startAfter: 'b/d' }), ['', 'b', 'b/d', 'e'])
  assert.deepEqual(await read({ startAfter: 'c', limit: 1 }), ['', 'e'])
  assert.deepEqual(await read({ prefix: 'b/c' }), ['b', 'b/c'])
  assert.deepEqual(await read({ prefix: 'b/', limit: 1 }), ['b', 'b/c'])
})

test('many files side by side come in order, with what head says', async () => {
  const store = await directory.open()
  const keys = Array.from({ length: 150 }, (_, n) => (n % 40 === 0 ? `d${n}/x` : `d${n}`)).sort(compareKeys)
  await Promise.all(keys.map(each => store.put(each, Buffer.from(each))))
  const listed: ObjectInfo[] = []
  for await (const info of store.list()) listed.push(info)
  assert.deepEqual(
    listed.map(info => info.key),
    keys,
  )
  for (const info of listed) assert.deepEqual(info, await store.head(info.key))
})

test('what the store has not made is not listed, and does not disturb', async () => {
  const store = await directory.open()
  await store.put('a', Buffer.alloc(0))
  writeFileSync(directory.path('README.TXT'), 'by hand')
  writeFileSync(directory.path('.DS_Store'), 'by a file manager')
  symlinkSync(directory.path('a'), directory.path('link'))
  mkdirSync(directory.path('empty', 'too'), { recursive: true })
  assert.deepEqual(await keysOf(store), ['a'])
  assert.equal(await store.head('link'), undefined)
  await assert.rejects(store.get('link'), { code: 'objects.not-found' })
  await assert.rejects(store.put('link', Buffer.alloc(0)), { code: 'objects.unavailable' })
  await assert.rejects(store.get('empty'), { code: 'objects.not-found' })
})

test('a file that is put there by hand under the name of a key is an object', async () => {
  const store = await directory.open()
  writeFileSync(directory.path('by-hand'), 'hello')
  assert.deepEqual(await keysOf(store), ['by-hand'])
  const info = (await store.head('by-hand'))!
  await assert.rejects(store.put('by-hand', Buffer.alloc(0), { condition: 'absent' }), { code: 'objects.exists' })
  await store.put('by-hand', Buffer.alloc(0), { condition: { version: info.version } })
})
