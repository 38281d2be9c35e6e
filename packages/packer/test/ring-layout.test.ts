import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { crc32c, systemClock } from '@chronicle/base'
import { openRingReader, openRingWriter } from '../src/index.ts'
import {
  decodeHeaderPage,
  headerPageBytes,
  isRecordHeader,
  payloadBytesMax,
  positionOf,
  putPositionWord,
  putRecordHeader,
  recordBytes,
  recordHeaderBytes,
} from '../src/ring/layout.ts'
import { fixed, payloadsOf, readAll, ringPath } from './ring-support.ts'

const goldenPath = new URL('./golden/ring-v1.ring', import.meta.url)
const afterWrap = ['a'.repeat(150), 'b'.repeat(301), 'behind the wrap marker', '']

/** A ring of 1024 bytes that has gone round once: a wrap marker at its end, records of both kinds at its begin. */
async function writeGolden(path: string): Promise<void> {
  const { random, now } = fixed()
  const writer = await openRingWriter({ path, capacityBytes: 1024, random, clock: { ...systemClock, now } })
  const reader = openRingReader({ path })
  for (const text of ['x'.repeat(400), 'y'.repeat(300)]) assert.ok(await writer.write('events', Buffer.from(text), 0))
  reader.release(reader.read(1024)!.next)
  assert.ok(await writer.write('events', Buffer.from(afterWrap[0]!), 0))
  assert.ok(await writer.write('frames', Buffer.from(afterWrap[1]!), 0))
  assert.equal(await writer.write('events', Buffer.alloc(480), 0), false)
  assert.ok(await writer.write('frames', Buffer.from(afterWrap[2]!), 0))
  assert.ok(await writer.write('events', Buffer.from(afterWrap[3]!), 0))
  writer.close()
  reader.close()
}

test('PR1: version 1 is written as it always was', async t => {
  const path = ringPath(t)
  await writeGolden(path)
  assert.deepEqual(readFileSync(path), readFileSync(goldenPath))
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('PR1: version 1 is read', async t => {
  const path = ringPath(t)
  writeFileSync(path, readFileSync(goldenPath), { mode: 0o600 })
  const reader = openRingReader({ path })
  const { records, damage } = readAll(reader)
  assert.deepEqual(damage, [])
  assert.deepEqual(payloadsOf(records), afterWrap)
  assert.deepEqual(
    records.map(({ kind, sequence }) => [kind, sequence]),
    [
      ['events', 3],
      ['frames', 4],
      ['frames', 6],
      ['events', 7],
    ],
  )
  assert.deepEqual({ lost: reader.status().lostRecords, bytes: reader.status().lostBytes }, { lost: 1, bytes: 480 })
  reader.close()
})

test('PR2: a position word with any bit changed is no position', () => {
  const salt = crc32c(Buffer.from('a ring'))
  const word = Buffer.alloc(8)
  for (const position of [0, 8, 4096, 2 ** 40 + 8, Number.MAX_SAFE_INTEGER - 7]) {
    putPositionWord(word, 0, position, salt)
    assert.equal(positionOf(word, 0, salt), position)
    for (let bit = 0; bit < 64; bit++) {
      const changed = Buffer.from(word)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(positionOf(changed, 0, salt), undefined, `bit ${bit} of ${position}`)
    }
  }
})

test('PR1: a record header with any bit changed, elsewhere, or of another ring is none', () => {
  const bytes = Buffer.alloc(recordHeaderBytes)
  putRecordHeader(bytes, 0, { position: 4096, sequence: 7, length: 100, kind: 1, payloadCrc: 5 }, 99)
  assert.ok(isRecordHeader(bytes, 0, 4096, 99))
  assert.ok(!isRecordHeader(bytes, 0, 4104, 99))
  assert.ok(!isRecordHeader(bytes, 0, 4096, 98))
  for (let bit = 0; bit < recordHeaderBytes * 8; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.ok(!isRecordHeader(changed, 0, 4096, 99), `bit ${bit}`)
  }
})

test('PR6: no changed bit among the constants of a header page passes', () => {
  const page = readFileSync(goldenPath).subarray(0, headerPageBytes)
  assert.equal(decodeHeaderPage(page).state, 'whole')
  for (let bit = 0; bit < 64 * 8; bit++) {
    const changed = Buffer.from(page)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.notEqual(decodeHeaderPage(changed).state, 'whole', `bit ${bit}`)
  }
  for (const length of [0, 63, 4095]) assert.equal(decodeHeaderPage(page.subarray(0, length)).state, 'foreign')
})

test('sizes', () => {
  assert.deepEqual([0, 1, 8, 9].map(recordBytes), [32, 40, 40, 48])
  assert.equal(payloadBytesMax(1024), 480)
  assert.equal(payloadBytesMax(1032), 480)
  assert.equal(payloadBytesMax(67_108_864), 33_554_400)
})

test('the layout in docs/RING.md is the one in the code', () => {
  const drawing = (path: string): string => {
    const text = readFileSync(new URL(path, import.meta.url), 'utf8').replace(/^ \* ?/gm, '')
    return /```text\n(ring file[\s\S]*?)```/.exec(text)![1]!
  }
  assert.equal(drawing('../../../docs/RING.md'), drawing('../src/ring/layout.ts'))
})
