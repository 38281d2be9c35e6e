/** What every object store must do, wherever it keeps its objects: the contract of `ObjectStore`, as tests. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type ObjectInfo, type ObjectStore, probeConditions, readObject, readObjectIfAny } from '@chronicle/objects'

/** One empty store. `open` may be called several times: each gives a handle on the same objects, as another process would have one. */
export type ObjectStoreHandle = {
  open(): Promise<ObjectStore>
  /** Removes all traces. */
  dispose(): Promise<void> | void
}

export type ObjectStoreFactory = () => Promise<ObjectStoreHandle> | ObjectStoreHandle

/** Enough for several pieces of every implementation. */
const largeBytes = 1_500_000

/** Keys that a store could confuse with each other or with something of its own, in the order of their UTF-8 bytes. */
const oddKeys = [
  ' leading and trailing ',
  '%41',
  '%zz',
  '+',
  '.hidden/.store/lock',
  '.store/lock',
  'A',
  'CON',
  'a',
  'a b',
  'a&b=c?d#e',
  'a~',
  'a\u0301',
  'e\u0301/x',
  `long/${'x/'.repeat(400)}y`,
  '\u00e1',
  '\u00e9/x',
  '\uff5e',
  '\u{1f600}',
]

const badKeys = [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '.',
  '..',
  'a/../b',
  'a/./b',
  '../a',
  'a\0b',
  'a\nb',
  'a\u007f',
  'a\u0085',
  'a\\b',
  '\ud800',
  `${'a/'.repeat(500)}b`,
  '\u00e9'.repeat(501),
]

/** Declares the suite under `name`. */
export function objectStoreContract(name: string, factory: ObjectStoreFactory): void {
  describe(`the contract of an object store: ${name}`, () => {
    let handle: ObjectStoreHandle
    let stores: ObjectStore[]
    const open = async (): Promise<ObjectStore> => {
      const store = await handle.open()
      stores.push(store)
      return store
    }
    beforeEach(async () => {
      handle = await factory()
      stores = []
    })
    afterEach(async () => {
      for (const store of stores) await store.close()
      await handle.dispose()
    })
    objectsComeAndGo(open)
    ranges(open)
    bodies(open)
    conditions(open)
    keys(open)
    listing(open)
    readers(open)
  })
}

type Open = () => Promise<ObjectStore>

function objectsComeAndGo(open: Open): void {
  test('an object is what was put, for every handle, until it is deleted', async () => {
    const [one, two] = [await open(), await open()]
    const info = await one.put('a/b', Buffer.from('hello'))
    assert.deepEqual([info.key, info.bytes], ['a/b', 5])
    assert.ok(info.version.length > 0 && Number.isSafeInteger(info.modifiedMs))
    for (const store of [one, two]) {
      assert.deepEqual(await store.head('a/b'), info)
      assert.equal(await text(store, 'a/b'), 'hello')
      assert.deepEqual(await keysOf(store), ['a/b'])
    }
    await two.delete('a/b')
    for (const store of [one, two]) {
      assert.equal(await store.head('a/b'), undefined)
      await assert.rejects(store.get('a/b'), { code: 'objects.not-found' })
      assert.deepEqual(await keysOf(store), [])
    }
  })

  test('deleting what is not there succeeds', async () => {
    const store = await open()
    await store.delete('never')
    await store.put('a', Buffer.alloc(0))
    await store.delete('a')
    await store.delete('a')
    await store.delete('a/b')
  })

  test('an object is replaced whole, also by an empty one', async () => {
    const store = await open()
    await store.put('a', Buffer.alloc(100, 1))
    await store.put('a', Buffer.from('short'))
    assert.equal(await text(store, 'a'), 'short')
    await store.put('a', Buffer.alloc(0))
    assert.equal((await store.head('a'))?.bytes, 0)
    assert.equal(await text(store, 'a'), '')
  })

  test('O2: who reads an object goes on reading it while it is replaced, and after it is deleted', async () => {
    const store = await open()
    const before = pattern(largeBytes)
    const info = await store.put('a', before)
    const first = await store.get('a')
    const second = await store.get('a')
    await store.put('a', Buffer.alloc(largeBytes))
    assert.deepEqual(first.info, info)
    assertSame(await collect(first.body), before)
    await store.delete('a')
    assertSame(await collect(second.body), before)
  })

  test('O3: a key never has a version twice, whatever happens to it', async () => {
    const store = await open()
    const versions = new Set<string>()
    const rounds = 30
    for (let round = 0; round < rounds; round++) {
      versions.add((await store.put('a', Buffer.from('same'))).version)
      if (round % 3 === 0) await store.delete('a')
    }
    assert.equal(versions.size, rounds)
  })

  test('a closed store refuses, and closes again', async () => {
    const store = await open()
    await store.close()
    await store.close()
    await assert.rejects(store.head('a'), { code: 'objects.unavailable' })
    await assert.rejects(store.put('a', Buffer.alloc(0)), { code: 'objects.unavailable' })
    await assert.rejects(keysOf(store), { code: 'objects.unavailable' })
  })
}

function ranges(open: Open): void {
  test('a range is cut down to the object', async () => {
    const store = await open()
    await store.put('a', Buffer.from('0123456789'))
    for (const [start, end, expected] of [
      [0, undefined, '0123456789'],
      [3, 5, '34'],
      [3, 3, ''],
      [8, 100, '89'],
      [10, undefined, ''],
      [10, 12, ''],
      [-3, undefined, '789'],
      [-3, 8, '7'],
      [-100, 2, '01'],
    ] as const) {
      const read = await store.get('a', end === undefined ? { start } : { start, end })
      const label = `${start} to ${end}`
      assert.equal((await collect(read.body)).toString(), expected, label)
      assert.equal(read.end - read.start, expected.length, label)
      assert.equal('0123456789'.slice(read.start, read.end), expected, label)
      assert.equal(read.info.bytes, 10)
    }
  })

  test('an empty object has one range', async () => {
    const store = await open()
    await store.put('a', Buffer.alloc(0))
    for (const start of [0, -1]) assert.equal((await collect((await store.get('a', { start })).body)).length, 0)
    await assert.rejects(store.get('a', { start: 1 }), { code: 'objects.invalid-range' })
  })

  test('a range that is none is refused', async () => {
    const store = await open()
    await store.put('a', Buffer.from('0123456789'))
    for (const range of [
      { start: 11 },
      { start: 5, end: 4 },
      { start: 0, end: -1 },
      { start: -2, end: 7 },
      { start: 0.5 },
      { start: 0, end: 1.5 },
      { start: Number.NaN },
      { start: 0, end: Number.NaN },
    ]) {
      await assert.rejects(store.get('a', range), { code: 'objects.invalid-range' }, JSON.stringify(range))
    }
  })

  test('a range of a large object', async () => {
    const store = await open()
    const bytes = pattern(largeBytes)
    await store.put('a', bytes)
    const read = await store.get('a', { start: 70_001, end: 1_234_567 })
    assertSame(await collect(read.body), bytes.subarray(70_001, 1_234_567))
  })

  test('a reader may leave early, or never begin', async () => {
    const store = await open()
    await store.put('a', pattern(largeBytes))
    for await (const piece of (await store.get('a')).body) {
      assert.ok(piece.length > 0)
      break
    }
    const read = await store.get('a')
    await read.cancel()
    await read.cancel()
    assert.equal((await store.head('a'))?.bytes, largeBytes)
  })
}

function bodies(open: Open): void {
  test('a body may come in pieces whose memory is used again', async () => {
    const store = await open()
    const piece = Buffer.alloc(70_000)
    const expected: Buffer[] = []
    const info = await store.put('a', reusing())
    async function* reusing() {
      for (const length of [1, 0, 70_000, 3, 69_999, 0]) {
        piece.fill(length % 251)
        expected.push(Buffer.from(piece.subarray(0, length)))
        yield piece.subarray(0, length)
      }
    }
    assert.equal(info.bytes, 140_003)
    assertSame(await readObject(store, 'a', { bytesMax: largeBytes }), Buffer.concat(expected))
  })

  test('a body of no pieces is an empty object', async () => {
    const store = await open()
    assert.equal((await store.put('a', (async function* () {})())).bytes, 0)
    assert.equal(await text(store, 'a'), '')
  })

  test('O5: a body that fails leaves no trace, and its own error comes through', async () => {
    const store = await open()
    await store.put('there', Buffer.from('before'))
    const failure = new Error('the source has gone')
    for (const key of ['there', 'new']) {
      await assert.rejects(store.put(key, failing()), failure)
    }
    async function* failing() {
      yield Buffer.alloc(200_000)
      throw failure
    }
    assert.deepEqual(await keysOf(store), ['there'])
    assert.equal(await text(store, 'there'), 'before')
  })

  test('O5: an aborted put leaves no trace, also while its body is stuck, and the body is told', async () => {
    const store = await open()
    const reason = new Error('enough')
    await assert.rejects(store.put('a', Buffer.from('x'), { signal: AbortSignal.abort(reason) }), reason)
    const abort = new AbortController()
    let told = false
    const stuck: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => stuck,
      next: () => {
        setImmediate(() => abort.abort(reason))
        return new Promise(() => undefined)
      },
      return: async () => {
        told = true
        return { done: true, value: undefined }
      },
    }
    await assert.rejects(store.put('a', stuck, { signal: abort.signal }), reason)
    assert.equal(told, true)
    assert.deepEqual(await keysOf(store), [])
  })
}

function conditions(open: Open): void {
  test('O4: put-if-absent stores where there is nothing, and refuses where there is something', async () => {
    const store = await open()
    await store.put('a', Buffer.from('first'), { condition: 'absent' })
    await assert.rejects(store.put('a', Buffer.from('second'), { condition: 'absent' }), { code: 'objects.exists' })
    assert.equal(await text(store, 'a'), 'first')
    await store.delete('a')
    await store.put('a', Buffer.from('third'), { condition: 'absent' })
    assert.equal(await text(store, 'a'), 'third')
  })

  test('O4: put-if-match replaces the version that is named, and no other', async () => {
    const store = await open()
    const first = await store.put('a', Buffer.from('1'))
    const second = await store.put('a', Buffer.from('2'), { condition: { version: first.version } })
    assert.deepEqual(await store.head('a'), second)
    for (const version of [first.version, 'nonsense', '']) {
      await assert.rejects(store.put('a', Buffer.from('3'), { condition: { version } }), { code: 'objects.changed' })
    }
    assert.equal(await text(store, 'a'), '2')
    await store.delete('a')
    const gone = store.put('a', Buffer.from('3'), { condition: { version: second.version } })
    await assert.rejects(gone, { code: 'objects.changed' })
    await store.put('a', Buffer.from('2'))
    const again = store.put('a', Buffer.from('3'), { condition: { version: second.version } })
    await assert.rejects(again, { code: 'objects.changed' })
  })

  test('O4: of fifty who put-if-absent at once exactly one wins, and what it put is there', async () => {
    const handles = [await open(), await open(), await open()]
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => handles[n % 3]!.put('a/b', Buffer.from(`${n}`), { condition: 'absent' })),
    )
    const winners = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []))
    assert.equal(winners.length, 1)
    assert.equal(await text(handles[0]!, 'a/b'), `${winners[0]}`)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'objects.exists')
  })

  test('O4: counting with put-if-match from many writers loses nothing', async () => {
    const handles = [await open(), await open(), await open()]
    await handles[0]!.put('counter', Buffer.from('0'))
    const increments = 8
    await Promise.all(
      Array.from({ length: 9 }, async (_, n) => {
        for (let done = 0; done < increments; done++) await increment(handles[n % 3]!, 'counter')
      }),
    )
    assert.equal(await text(handles[0]!, 'counter'), `${9 * increments}`)
  })

  test('O2: of objects that are replaced all the time readers see whole ones', async () => {
    const [writer, reader] = [await open(), await open()]
    const sizes = [1, 300_000, 70_000, 600_000]
    const put = (n: number): Promise<ObjectInfo> => writer.put('a', Buffer.alloc(sizes[n % sizes.length]!, n))
    await put(0)
    let writing = true
    const writes = (async () => {
      for (let n = 1; n < 40; n++) await put(n)
    })().finally(() => {
      writing = false
    })
    const reads = (async () => {
      while (writing) {
        const read = await reader.get('a')
        const bytes = await collect(read.body)
        assert.equal(bytes.length, read.info.bytes)
        assert.ok(bytes.equals(Buffer.alloc(bytes.length, bytes[0])), 'bytes of two versions')
      }
    })()
    await Promise.all([writes, reads.finally(() => writes)])
  })

  test('the probe finds that conditions are honoured, and leaves nothing', async () => {
    const store = await open()
    await probeConditions(store)
    assert.deepEqual(await keysOf(store), [])
  })
}

function keys(open: Open): void {
  test('O8: odd keys are kept apart and come back as they are, in order', async () => {
    const store = await open()
    for (const key of oddKeys.toReversed()) await store.put(key, Buffer.from(key), { condition: 'absent' })
    for (const key of oddKeys) assert.equal(await text(store, key), key)
    assert.deepEqual(await keysOf(store), oddKeys)
    for (const key of oddKeys) await store.delete(key)
    assert.deepEqual(await keysOf(store), [])
  })

  test('O8: what is no key is refused by everything', async () => {
    const store = await open()
    for (const key of badKeys) {
      const refusal = { code: 'objects.invalid-key' }
      await assert.rejects(store.put(key, Buffer.alloc(0)), refusal, JSON.stringify(key))
      await assert.rejects(store.get(key), refusal, JSON.stringify(key))
      await assert.rejects(store.head(key), refusal, JSON.stringify(key))
      await assert.rejects(store.delete(key), refusal, JSON.stringify(key))
    }
    assert.deepEqual(await keysOf(store), [])
  })
}

function listing(open: Open): void {
  const stored = ['a-b', 'a/x', 'a/y/z', 'a0', 'aa', 'b/1', 'b/10', 'b/2', '\uff5e', '\u{1f600}']
  const filled = async (): Promise<ObjectStore> => {
    const store = await open()
    await Promise.all(stored.map(key => store.put(key, Buffer.from(key))))
    return store
  }

  test('O7: keys come in the order of their UTF-8 bytes, with what head says', async () => {
    const store = await filled()
    assert.deepEqual(await keysOf(store), stored)
    for await (const info of store.list()) assert.deepEqual(info, await store.head(info.key))
  })

  test('O7: a prefix need not end at a slash', async () => {
    const store = await filled()
    for (const prefix of ['a', 'a/', 'a/y', 'a/y/z', 'b/1', 'b/', 'c', 'a/y/z/', '//', '../', 'A', '\uff5e']) {
      assert.deepEqual(
        await keysOf(store, { prefix }),
        stored.filter(key => key.startsWith(prefix)),
        prefix,
      )
    }
  })

  test('O7: start-after and limit page through all of it', async () => {
    const store = await filled()
    for (const startAfter of ['', 'a', 'a-', 'a/', 'a/x', 'a/x/more', 'a/zz', 'b', 'b/1', 'zzz', '\u{1f600}']) {
      const expected = stored.filter(key => Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) > 0)
      assert.deepEqual(await keysOf(store, { startAfter }), expected, startAfter)
      assert.deepEqual(await keysOf(store, { startAfter, limit: 2 }), expected.slice(0, 2), startAfter)
    }
    assert.deepEqual(await keysOf(store, { limit: 0 }), [])
    assert.deepEqual(await keysOf(store, { prefix: 'b/', startAfter: 'b/1', limit: 1 }), ['b/10'])
    assert.deepEqual(await keysOf(store, { prefix: 'a/', startAfter: 'b' }), [])
  })

  test('O7: listing goes on while objects come and go', async () => {
    const store = await filled()
    const seen: string[] = []
    for await (const { key } of store.list()) {
      seen.push(key)
      if (key === 'a/x') for (const gone of ['a/y/z', 'b/10']) await store.delete(gone)
    }
    const stayed = stored.filter(key => !['a/y/z', 'b/10'].includes(key))
    assert.deepEqual(
      seen.filter(key => stayed.includes(key)),
      stayed,
    )
  })

  test('what is to be listed must be text', async () => {
    const store = await open()
    await assert.rejects(keysOf(store, { prefix: '\ud83d' }), { code: 'objects.invalid-key' })
    await assert.rejects(keysOf(store, { startAfter: 'a\udc00' }), { code: 'objects.invalid-key' })
  })
}

function readers(open: Open): void {
  test('an object, or a range of it, is read into memory up to a size', async () => {
    const store = await open()
    await store.put('a', Buffer.from('0123456789'))
    assert.equal((await readObject(store, 'a', { bytesMax: 10 })).toString(), '0123456789')
    assert.equal((await readObject(store, 'a', { bytesMax: 2, range: { start: -2 } })).toString(), '89')
    await assert.rejects(readObject(store, 'a', { bytesMax: 9 }), { code: 'objects.too-large' })
    await assert.rejects(readObject(store, 'b', { bytesMax: 9 }), { code: 'objects.not-found' })
    assert.equal(await readObjectIfAny(store, 'b', { bytesMax: 9 }), undefined)
    assert.equal((await readObjectIfAny(store, 'a', { bytesMax: 10 }))?.length, 10)
    await assert.rejects(readObjectIfAny(store, 'a', { bytesMax: 9 }), { code: 'objects.too-large' })
  })
}

/** Adds one to the number that an object holds, until nobody was faster. Resolves with the version that it has put. */
export async function increment(store: ObjectStore, key: string): Promise<ObjectInfo> {
  while (true) {
    const read = await store.get(key)
    const next = Number((await collect(read.body)).toString()) + 1
    try {
      return await store.put(key, Buffer.from(`${next}`), { condition: { version: read.info.version } })
    } catch (error) {
      if ((error as { code?: string }).code !== 'objects.changed') throw error
    }
  }
}

async function keysOf(store: ObjectStore, options?: Parameters<ObjectStore['list']>[0]): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of store.list(options)) found.push(key)
  return found
}

async function text(store: ObjectStore, key: string): Promise<string> {
  return (await readObject(store, key, { bytesMax: 10_000_000 })).toString()
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** For large ones: `deepEqual` takes minutes to describe how they differ. */
function assertSame(actual: Buffer, expected: Buffer): void {
  assert.ok(actual.equals(expected), `${actual.length} bytes are not the ${expected.length} that were put`)
}

/** Bytes of which no two stretches of a piece's size are alike. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(at, at)
  return bytes
}
