import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@chronicle/base'
import { createRing, openRingReader, openRingWriter, packerErrors, ringStatus } from '../src/index.ts'
import { readerAt } from '../src/ring/layout.ts'
import { payloadsOf, readAll, ringPath } from './ring-support.ts'

const code = (expected: string) => (error: unknown) => packerErrors.is(error) && error.code === expected

async function pair(t: TestContext, capacityBytes = 1024) {
  const path = ringPath(t)
  const writer = await openRingWriter({ path, capacityBytes })
  const reader = openRingReader({ path })
  t.after(() => {
    writer.close()
    reader.close()
  })
  return { path, writer, reader }
}

test('PR1: what is written is read, in order, whole, with kinds and sequences', async t => {
  const { writer, reader } = await pair(t)
  assert.equal(reader.read(1024), undefined)
  for (const text of ['one', '', 'three']) assert.ok(await writer.write('events', Buffer.from(text), 0))
  assert.ok(await writer.write('frames', Buffer.from('a frame'), 0))
  const { records, damage } = readAll(reader)
  assert.deepEqual(payloadsOf(records), ['one', '', 'three', 'a frame'])
  assert.deepEqual(
    records.map(({ kind, position, next, sequence }) => [kind, position, next, sequence]),
    [
      ['events', 0, 40, 1],
      ['events', 40, 72, 2],
      ['events', 72, 112, 3],
      ['frames', 112, 152, 4],
    ],
  )
  assert.deepEqual(damage, [])
  assert.equal(reader.read(1024), undefined)
})

test('payloads are aligned to 8 bytes, as Arrow wants them', async t => {
  const { writer, reader } = await pair(t)
  for (const length of [1, 9, 17]) await writer.write('events', Buffer.alloc(length), 0)
  for (const { payload } of reader.read(1024)!.records) assert.equal(payload.byteOffset % 8, 0)
})

test('a read brings about as much as was asked for, and at least one record', async t => {
  const { writer, reader } = await pair(t, 4096)
  for (let record = 0; record < 10; record++) await writer.write('events', Buffer.alloc(168, record), 0)
  assert.equal(reader.read(1)!.records.length, 1)
  assert.equal(reader.read(200)!.records.length, 1)
  assert.equal(reader.read(400)!.records.length, 2)
  assert.equal(reader.read(1e9)!.records.length, 6)
})

test('records fill the ring to the last byte; one more is lost and leaves a gap (PR3)', async t => {
  const { writer, reader } = await pair(t)
  for (let record = 0; record < 8; record++) assert.ok(await writer.write('events', Buffer.alloc(96, record), 0))
  assert.equal(reader.status().usedBytes, 1024)
  assert.equal(await writer.write('events', Buffer.alloc(0), 0), false)
  const first = reader.read(128)!
  reader.release(first.next)
  assert.equal(await writer.write('events', Buffer.alloc(97), 0), false)
  assert.ok(await writer.write('events', Buffer.alloc(96, 8), 0))
  const { records } = readAll(reader)
  assert.deepEqual(
    records.map(record => record.sequence),
    [2, 3, 4, 5, 6, 7, 8, 11],
  )
  const { lostRecords, lostBytes } = reader.status()
  assert.deepEqual({ lostRecords, lostBytes }, { lostRecords: 2, lostBytes: 97 })
})

test('the largest record fits wherever the write position stands; a larger one is refused and named', async t => {
  const { writer, reader } = await pair(t)
  for (let place = 0; place < 1024; place += 8) {
    assert.ok(await writer.write('events', Buffer.alloc(480, 1), 0), `at ${place}`)
    reader.release(reader.read(1024)!.next)
    assert.ok(await writer.write('events', Buffer.alloc(0), 0))
    reader.release(reader.read(1024)!.next)
    assert.equal(reader.status().usedBytes, 0)
  }
  await assert.rejects(writer.write('events', Buffer.alloc(481), 0), code('packer.ring-record-too-large'))
})

test('what is not released is read again after a rewind, and by the next reader', async t => {
  const { path, writer, reader } = await pair(t)
  for (const text of ['a', 'b', 'c']) await writer.write('events', Buffer.from(text), 0)
  const { records } = readAll(reader)
  reader.release(records[0]!.next)
  reader.rewind()
  assert.deepEqual(payloadsOf(readAll(reader).records), ['b', 'c'])
  reader.close()
  const next = openRingReader({ path })
  assert.deepEqual(payloadsOf(readAll(next).records), ['b', 'c'])
  next.close()
  assert.throws(() => reader.read(1), code('packer.ring-closed'))
})

test('only what was read can be released, and twice does no harm', async t => {
  const { writer, reader } = await pair(t)
  await writer.write('events', Buffer.from('a'), 0)
  assert.throws(() => reader.release(40), code('packer.ring-invalid-argument'))
  const { next } = reader.read(100)!
  for (const wrong of [next + 8, 4, Number.NaN]) {
    assert.throws(() => reader.release(wrong), code('packer.ring-invalid-argument'))
  }
  reader.release(next)
  reader.release(next)
  reader.release(0)
  assert.equal(reader.status().usedBytes, 0)
})

test('a write waits for room, in the order of the calls, and is lost when its time is over (PR3)', async t => {
  const { writer, reader } = await pair(t)
  for (let record = 0; record < 2; record++) await writer.write('events', Buffer.alloc(480), 0)
  const outcomes = [
    writer.write('events', Buffer.from('first'), 60_000),
    writer.write('events', Buffer.from('too late'), 5),
    writer.write('events', Buffer.from('second'), 60_000),
    writer.write('events', Buffer.from('at once'), 0),
  ]
  assert.equal(await outcomes[3], false)
  const alive = setInterval(() => undefined, 1000)
  assert.equal(await outcomes[1], false)
  reader.release(reader.read(1024)!.next)
  assert.deepEqual(await Promise.all(outcomes), [true, false, true, false])
  clearInterval(alive)
  assert.deepEqual(payloadsOf(readAll(reader).records), ['first', 'second'])
  assert.equal(reader.status().lostRecords, 2)
})

test('writes that wait are lost, and counted, when the writer closes (PR3)', async t => {
  const { writer, reader } = await pair(t)
  for (let record = 0; record < 2; record++) await writer.write('events', Buffer.alloc(480), 0)
  const waiting = writer.write('events', Buffer.alloc(9), 60_000)
  writer.close()
  assert.equal(await waiting, false)
  assert.equal(reader.status().lostBytes, 9)
  await assert.rejects(writer.write('events', Buffer.alloc(9), 0), code('packer.ring-closed'))
})

test('PR8: the flag is set above the threshold and cleared below, by whoever sees it', async t => {
  const { path, writer, reader } = await pair(t)
  const flag = () => readFileSync(path).readUInt32LE(readerAt.flag)
  const seen: unknown[] = []
  for (let record = 0; record < 7; record++) {
    await writer.write('events', Buffer.alloc(96), 0)
    seen.push([reader.status().isPressed, writer.isPressed, flag()])
  }
  // 819 bytes are 0.8 of 1024: the seventh record of 128 bytes goes beyond.
  assert.deepEqual(seen, [...Array(6).fill([false, false, 0]), [true, true, 1]])
  const slice = reader.read(128)!
  reader.release(slice.next)
  assert.deepEqual([reader.status().isPressed, writer.isPressed, flag()], [false, false, 0])
})

test('the threshold can be set by either side', async t => {
  const path = ringPath(t)
  await createRing({ path, capacityBytes: 1024 })
  const writer = await openRingWriter({ path, backpressureThreshold: 0.1 })
  await writer.write('events', Buffer.alloc(96), 0)
  assert.equal(ringStatus(path).isPressed, true)
  openRingReader({ path, backpressureThreshold: 0.5 }).close()
  assert.equal(ringStatus(path).isPressed, false)
  writer.close()
})

test('PR5: one writer, one reader, also within a process; a side that was let go can be taken', async t => {
  const { path, writer, reader } = await pair(t)
  await assert.rejects(openRingWriter({ path }), code('packer.ring-busy'))
  assert.throws(() => openRingReader({ path }), code('packer.ring-busy'))
  assert.equal(ringStatus(path).writerPid, process.pid)
  writer.close()
  assert.equal(ringStatus(path).writerPid, undefined)
  reader.close()
  const again = await openRingWriter({ path })
  openRingReader({ path }).close()
  again.close()
  assert.deepEqual(readdirSync(dirname(path)).sort(), ['ring', 'ring.reader-lock', 'ring.writer-lock'])
  for (const name of readdirSync(dirname(path))) assert.equal(statSync(`${dirname(path)}/${name}`).mode & 0o777, 0o600)
})

test('the writer goes on where the last one stopped', async t => {
  const { path, writer, reader } = await pair(t)
  await writer.write('events', Buffer.from('a'), 0)
  writer.close()
  const next = await openRingWriter({ path, capacityBytes: 1024 })
  await next.write('events', Buffer.from('b'), 0)
  next.close()
  const { records } = readAll(reader)
  assert.deepEqual(payloadsOf(records), ['a', 'b'])
  assert.deepEqual(
    records.map(record => record.sequence),
    [1, 2],
  )
  await assert.rejects(openRingWriter({ path, capacityBytes: 2048 }), code('packer.ring-size-differs'))
})

test('PR6: of several that make a ring at once one does, and nothing is left beside it', async t => {
  const path = ringPath(t)
  const made = await Promise.all(Array.from({ length: 8 }, () => createRing({ path, capacityBytes: 4096 })))
  assert.equal(made.filter(Boolean).length, 1)
  assert.deepEqual(readdirSync(dirname(path)), ['ring'])
})

test('a ring or a lock that is removed while in use is noticed', async t => {
  const { path, reader } = await pair(t)
  renameSync(`${path}.reader-lock`, `${path}.away`)
  assert.throws(() => reader.read(100), code('packer.ring-removed'))
  renameSync(`${path}.away`, `${path}.reader-lock`)
  assert.equal(reader.read(100), undefined)
  rmSync(path)
  assert.throws(() => reader.read(100), code('packer.ring-removed'))
})

test('a writer notices within a second that its ring was removed', async t => {
  const path = ringPath(t)
  let skipped = 0
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skipped }
  const writer = await openRingWriter({ path, capacityBytes: 1024, clock })
  t.after(() => writer.close())
  rmSync(path)
  skipped = 1001
  await assert.rejects(writer.write('events', Buffer.alloc(8), 0), code('packer.ring-removed'))
})

test('arguments out of their range are refused and named', async t => {
  const path = ringPath(t)
  for (const capacityBytes of [0, 1023, 1028, 1024.5, 2 ** 36 + 8, Number.NaN]) {
    await assert.rejects(createRing({ path, capacityBytes }), code('packer.ring-invalid-argument'))
  }
  for (const backpressureThreshold of [0, -1, 1.1, Number.NaN]) {
    await assert.rejects(
      createRing({ path, capacityBytes: 1024, backpressureThreshold }),
      code('packer.ring-invalid-argument'),
    )
  }
  const writer = await openRingWriter({ path, capacityBytes: 1024 })
  const reader = openRingReader({ path })
  await assert.rejects(writer.write('sounds' as 'events', Buffer.alloc(1), 0), code('packer.ring-invalid-argument'))
  for (const bytesMax of [0, -1, 1.5]) assert.throws(() => reader.read(bytesMax), code('packer.ring-invalid-argument'))
  writer.close()
  reader.close()
})

test('a writer that does not say how long it waits for room learns it from the ring, where the reader stores it', async t => {
  const path = ringPath(t)
  const waited: number[] = []
  let now = 0
  const clock = {
    ...systemClock,
    monotonic: () => now,
    after(delayMs: number, action: () => void) {
      now += delayMs
      setImmediate(action)
      return { cancel: () => undefined }
    },
  }
  const writer = await openRingWriter({ path, capacityBytes: 1024, clock })
  for (let record = 0; record < 2; record++) await writer.write('events', Buffer.alloc(480))
  const wait = async () => {
    const from = now
    assert.equal(await writer.write('events', Buffer.alloc(480)), false)
    waited.push(now - from)
  }
  await wait()
  openRingReader({ path, writeTimeoutMs: 5000 }).close()
  await wait()
  const [unsaid, said] = waited
  assert.ok(unsaid! >= 1000 && unsaid! < 1100, `${unsaid}`)
  assert.ok(said! >= 5000 && said! < 5100, `${said}`)
  for (const writeTimeoutMs of [0, 1.5, 3_600_001]) {
    assert.throws(() => openRingReader({ path, writeTimeoutMs }), code('packer.ring-invalid-argument'))
  }
  writer.close()
})

test('a waiting write does not hold the event loop', async t => {
  const { writer, reader } = await pair(t)
  for (let record = 0; record < 2; record++) await writer.write('events', Buffer.alloc(480), 0)
  const waiting = writer.write('events', Buffer.from('after the turns'), 60_000)
  for (let turn = 0; turn < 20; turn++) await sleep(1)
  reader.release(reader.read(1024)!.next)
  const alive = setInterval(() => undefined, 1000)
  assert.equal(await waiting, true)
  clearInterval(alive)
})
