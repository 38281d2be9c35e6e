import assert from 'node:assert/strict'
import fs, { readFileSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { openRingReader, openRingWriter } from '../src/index.ts'
import { headerPageBytes } from '../src/ring/layout.ts'
import { payloadsOf, readAll, ringPath } from './ring-support.ts'

type Store = { readonly offset: number; readonly bytes: Buffer }

/** What is written to files while `action` runs. */
async function storesOf(action: () => Promise<unknown>): Promise<Store[]> {
  const { writeSync } = fs
  const stores: Store[] = []
  fs.writeSync = ((fd: number, source: Uint8Array, start: number, length: number, offset: number) => {
    stores.push({ offset, bytes: Buffer.from(source.subarray(start, start + length)) })
    return writeSync(fd, source, start, length, offset)
  }) as typeof fs.writeSync
  syncBuiltinESMExports()
  try {
    await action()
  } finally {
    fs.writeSync = writeSync
    syncBuiltinESMExports()
  }
  return stores
}

/** The image after the first `whole` stores, and `part` bytes of the next one. */
function cut(before: Buffer, stores: readonly Store[], whole: number, part: number): Buffer {
  const image = Buffer.from(before)
  for (const { offset, bytes } of stores.slice(0, whole)) bytes.copy(image, offset)
  stores[whole]?.bytes.copy(image, stores[whole].offset, 0, part)
  return image
}

/**
 * Everywhere a death can cut what is written: between any two bytes of the data area, where a store is copied piece by piece, and between stores. The words
 * of the header page are stored whole (a call that is in the kernel ends before its process does).
 */
function* deaths(before: Buffer, stores: readonly Store[]) {
  for (let whole = 0; whole <= stores.length; whole++) {
    const store = stores[whole]
    const parts = store && store.offset >= headerPageBytes ? store.bytes.length : 1
    for (let part = 0; part < parts; part++) yield cut(before, stores, whole, part)
  }
}

test('PR1: a writer that dies anywhere leaves the record whole or not at all, and the next one goes on', async t => {
  const path = ringPath(t)
  const writer = await openRingWriter({ path, capacityBytes: 1024 })
  const reader = openRingReader({ path })
  for (const bytes of [400, 400]) await writer.write('events', Buffer.alloc(bytes, 1), 0)
  reader.release(reader.read(1024)!.next)
  await writer.write('events', Buffer.from('before'), 0)
  reader.close()
  const before = readFileSync(path)
  // It does not fit before the end: a wrap marker is stored, the record, the position.
  const stores = await storesOf(() => writer.write('frames', Buffer.from('z'.repeat(150)), 0))
  writer.close()
  assert.equal(stores.length, 3)
  let published = 0
  for (const image of deaths(before, stores)) {
    writeFileSync(path, image)
    const survivor = openRingReader({ path })
    const next = await openRingWriter({ path })
    await next.write('events', Buffer.from('after'), 0)
    const { records, damage } = readAll(survivor)
    const texts = payloadsOf(records)
    assert.deepEqual(damage, [])
    if (texts.length === 3) published++
    assert.deepEqual(texts, texts.length === 3 ? ['before', 'z'.repeat(150), 'after'] : ['before', 'after'])
    assert.deepEqual(
      records.map(record => record.sequence),
      texts.map((_, at) => at + 3),
    )
    survivor.close()
    next.close()
  }
  assert.equal(published, 1)
})

test('PR2: a reader that dies anywhere in a release has released all of it or nothing', async t => {
  const path = ringPath(t)
  const writer = await openRingWriter({ path, capacityBytes: 1024, backpressureThreshold: 0.01 })
  const reader = openRingReader({ path })
  for (const text of ['a', 'b', 'c']) await writer.write('events', Buffer.from(text), 0)
  writer.close()
  const { records } = readAll(reader)
  const before = readFileSync(path)
  const stores = await storesOf(async () => reader.release(records[2]!.next))
  reader.close()
  assert.equal(stores.length, 2)
  const seen = new Set<string>()
  for (const image of deaths(before, stores)) {
    writeFileSync(path, image)
    const next = openRingReader({ path })
    seen.add(payloadsOf(readAll(next).records).join(''))
    assert.equal(next.status().isPressed, next.status().usedBytes > 10)
    next.close()
  }
  assert.deepEqual([...seen], ['abc', ''])
})

test('PR3: a writer that dies while it counts a loss has counted it or not', async t => {
  const path = ringPath(t)
  const writer = await openRingWriter({ path, capacityBytes: 1024 })
  for (const bytes of [480, 480]) await writer.write('events', Buffer.alloc(bytes), 0)
  const before = readFileSync(path)
  const stores = await storesOf(() => writer.write('events', Buffer.alloc(77), 0))
  writer.close()
  const seen: unknown[] = []
  for (const image of deaths(before, stores)) {
    writeFileSync(path, image)
    const reader = openRingReader({ path })
    reader.release(reader.read(1024)!.next)
    const next = await openRingWriter({ path })
    await next.write('events', Buffer.from('next'), 0)
    const { lostRecords, lostBytes } = reader.status()
    reader.read(1024)
    seen.push([lostRecords, lostBytes])
    next.close()
    reader.close()
  }
  assert.deepEqual(seen.at(-1), [1, 77])
  assert.ok(seen.every(each => ['0,0', '1,77'].includes(String(each))))
})
