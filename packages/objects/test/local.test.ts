import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { test } from 'node:test'
import { type Clock, systemClock } from '@chronicle/base'
import { type ObjectStore, probeConditions, readObject } from '../src/index.ts'
import { keysOf, temporaryFiles, testDirectory } from './support.ts'

const directory = testDirectory()

/** A clock that stands where it is set. */
function clockAt(ms: number): Clock & { ms: number } {
  return { ...systemClock, ms, now: () => clock.ms }
}
const clock = clockAt(0)

test('an object is a file with its bytes and nothing else, for its owner only', async () => {
  const store = await directory.open(directory.path('new', 'deep'))
  await store.put('a/B', Buffer.from('hello'))
  assert.equal(readFileSync(directory.path('new/deep/a/%42'), 'utf8'), 'hello')
  const modes = ['new', 'new/deep', 'new/deep/a', 'new/deep/a/%42', 'new/deep/.store', 'new/deep/.store/lock'].map(
    name => (statSync(directory.path(name)).mode & 0o777).toString(8),
  )
  assert.deepEqual(modes, ['700', '700', '700', '600', '700', '600'])
  assert.equal(store.location, `file://${directory.path('new/deep')}`)
})

test('a key cannot go on behind another one with a slash, and says so', async () => {
  const store = await directory.open()
  await store.put('a', Buffer.from('a'))
  await assert.rejects(store.put('a/b', Buffer.alloc(0)), { code: 'objects.invalid-key' })
  await assert.rejects(store.put('a/b/c', Buffer.alloc(0), { condition: 'absent' }), { code: 'objects.invalid-key' })
  assert.equal(await store.head('a/b'), undefined)
  await assert.rejects(store.get('a/b'), { code: 'objects.not-found' })
  await store.delete('a/b')
  await store.delete('a')
  await store.put('a/b', Buffer.from('ab'))
  await assert.rejects(store.put('a', Buffer.alloc(0)), { code: 'objects.invalid-key' })
  await assert.rejects(store.put('a', Buffer.alloc(0), { condition: 'absent' }), { code: 'objects.invalid-key' })
  assert.deepEqual(await keysOf(store), ['a/b'])
  assert.deepEqual(temporaryFiles(directory.path()), [])
})

test('directories that a deletion leaves empty go with it, and one that somebody left gives way', async () => {
  const store = await directory.open()
  await store.put('a/b/c', Buffer.alloc(0))
  await store.put('a/d', Buffer.alloc(0))
  await store.delete('a/b/c')
  assert.deepEqual(readdirSync(directory.path('a')), ['d'])
  await store.delete('a/d')
  assert.deepEqual(readdirSync(directory.path()), ['.store'])
  mkdirSync(directory.path('e'))
  await store.put('e', Buffer.from('e'))
  assert.deepEqual(await keysOf(store), ['e'])
})

test('O4: puts and deletions beside each other never trip over a directory that comes or goes', async () => {
  const [one, two] = [await directory.open(), await directory.open()]
  const churn = async (store: ObjectStore, key: string): Promise<void> => {
    for (let round = 0; round < 25; round++) {
      await store.put(key, Buffer.from(key))
      assert.equal((await store.head(key))?.bytes, key.length)
      await store.delete(key)
    }
  }
  await Promise.all([churn(one, 'a/b/c/1'), churn(two, 'a/b/c/2'), churn(one, 'a/b/3'), churn(two, 'a/4')])
  assert.deepEqual(readdirSync(directory.path()), ['.store'])
})

test('O3: versions do not repeat when the clock stands still or goes back, and keys are deleted', async () => {
  const versions = new Set<string>()
  let puts = 0
  for (const ms of [2_000_000_000_000, 1_900_000_000_000, 0]) {
    clock.ms = ms
    const stores = [await directory.open(directory.path(), clock), await directory.open(directory.path(), clock)]
    for (let round = 0; round < 20; round++, puts++) {
      versions.add((await stores[round % 2]!.put('a', Buffer.from('x'))).version)
      if (round % 2 === 1) await stores[0]!.delete('a')
    }
  }
  assert.equal(versions.size, puts)
})

test('O3: the floor survives: a store that is opened again gives no version that a deleted object had', async () => {
  clock.ms = 2_000_000_000_000
  const first = await directory.open(directory.path(), clock)
  const { version } = await first.put('a', Buffer.from('x'))
  await first.delete('a')
  await first.close()
  const second = await directory.open(directory.path(), clock)
  assert.notEqual((await second.put('a', Buffer.from('x'))).version, version)
})

test('O3: a version is the same for everybody, and after the store is opened again', async () => {
  const store = await directory.open()
  const info = await store.put('a', Buffer.from('x'))
  await store.close()
  assert.deepEqual(await (await directory.open()).head('a'), info)
})

test('an object that is removed by hand is gone, and one that is cut while it is read is not passed off as whole', async () => {
  const store = await directory.open()
  await store.put('a', Buffer.alloc(1_000_000, 1))
  const read = await store.get('a')
  truncateSync(directory.path('a'), 300_000)
  await assert.rejects(
    async () => {
      for await (const piece of read.body) assert.ok(piece.length > 0)
    },
    { code: 'objects.unavailable' },
  )
  rmSync(directory.path('a'))
  assert.equal(await store.head('a'), undefined)
  await assert.rejects(readObject(store, 'a', { bytesMax: 1 }), { code: 'objects.not-found' })
  await store.delete('a')
})

test('a reader holds the file open until it ends, leaves or cancels, and no longer', async () => {
  const store = await directory.open()
  await store.put('a', Buffer.alloc(1_000_000))
  const openFiles = (): number => readdirSync('/proc/self/fd').length
  const before = openFiles()
  const [whole, left, unread, cancelled] = await Promise.all([1, 2, 3, 4].map(() => store.get('a')))
  assert.equal(openFiles(), before + 4)
  for await (const piece of whole!.body) assert.ok(piece)
  for await (const piece of left!.body) if (piece) break
  await unread!.body[Symbol.asyncIterator]().return?.()
  await cancelled!.cancel()
  assert.equal(openFiles(), before)
  await assert.rejects(store.get('a', { start: 1_000_001 }), { code: 'objects.invalid-range' })
  assert.equal(openFiles(), before)
})

test('closing waits for what is being written, and leaves no temporary files', async () => {
  const store = await directory.open()
  const put = store.put('a', Buffer.alloc(500_000))
  await store.close()
  assert.equal((await put).bytes, 500_000)
  assert.deepEqual(readdirSync(directory.path('.store', 'temporary')), [])
})

test('a store that ignores conditions is found out', async () => {
  const store = await directory.open()
  const ignoring = (ignored: 'absent' | 'match'): ObjectStore =>
    Object.assign(Object.create(store), {
      location: 'memory:',
      delete: (key: string) => store.delete(key),
      put(...[key, body, options]: Parameters<ObjectStore['put']>) {
        const kind = options?.condition === 'absent' ? 'absent' : 'match'
        return store.put(key, body, kind === ignored ? {} : options)
      },
    })
  for (const ignored of ['absent', 'match'] as const) {
    await assert.rejects(probeConditions(ignoring(ignored)), { code: 'objects.conditions-ignored' })
  }
  assert.deepEqual(await keysOf(store), [])
})
