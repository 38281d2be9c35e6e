import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import fc from 'fast-check'
import { captureErrors } from '../src/errors.ts'
import type { PendingEvent } from '../src/event/check.ts'
import { decodeRunText, encodeRun } from '../src/event/run.ts'
import { encodeSpillEntry, openSpillEntry, parseSpillHead } from '../src/receiver/spill-entry.ts'
import { contentBytesMax, openEnvelope, packEnvelope } from '../src/store/envelope.ts'
import { noPayloadKeys } from '../src/store/payload-keys.ts'
import { sessionA, sessionB, testKey, testKeys } from './event-support.ts'

const golden = join(import.meta.dirname, 'golden')
const place = 'capture/events/3f8e2c1a-0000-4000-8000-00000000000a/1790000010000/1'

/** Always the same, so that the bytes of a released version can be compared. */
const events: PendingEvent[] = Array.from({ length: 12 }, (_, at) => ({
  id: `0190b8a0-0000-7000-8000-0000000000${String(at).padStart(2, '0')}`,
  sessionId: at % 4 === 3 ? sessionB : sessionA,
  timestamp: 1_790_000_010_000 + at * 100,
  eventType: at % 3 === 0 ? 'keystroke' : 'note',
  json: JSON.stringify({ text: 'the same words again and again', at, ü: '\n"' }),
  receivedMs: 1_790_000_010_005 + at * 100,
}))
const positions = [{ source: 'raw-events', partition: 3, position: 4711 }]
const asRun = events.map(({ id, timestamp, eventType, json }) => ({ id, timestamp, eventType, json }))

const goldenFile = (name: string): Buffer => readFileSync(join(golden, name))

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

async function damaged(work: Promise<unknown>, reason?: string): Promise<void> {
  await assert.rejects(work, error => {
    assert.ok(captureErrors.is(error), String(error))
    assert.equal(error.code, 'capture.database-block-damaged')
    return reason === undefined || error.details.reason === reason
  })
}

test('CE2: what version 1 wrote is still read, and a run still written', async () => {
  const run = goldenFile('run-v1.bin')
  assert.deepEqual(encodeRun(asRun), run)
  assert.deepEqual(decodeRunText(run), asRun)
  // What LZ4 makes of it is not ours to say; of the rest every byte.
  assert.deepEqual([...goldenFile('envelope-clear-v1.bin').subarray(0, 7)], [1, 0, 1, ...uint32(run.length)])
  assert.deepEqual([...goldenFile('envelope-sealed-v1.bin').subarray(0, 6)], [1, 1, ...Buffer.from('CHV1')])
  for (const name of ['envelope-sealed-v1.bin', 'envelope-clear-v1.bin']) {
    assert.deepEqual(await openEnvelope(goldenFile(name), place, testKeys), run)
  }
  const bytes = goldenFile('spill-entry-v1.bin')
  assert.deepEqual(parseSpillHead(bytes), { events: 12, receivedMs: events[0]!.receivedMs, positions })
  const opened = await openSpillEntry(bytes, testKeys)
  assert.deepEqual(opened.positions, positions)
  const bySession = (list: readonly PendingEvent[]) =>
    [...Map.groupBy(list, event => event.sessionId)].flatMap(([, of]) => of)
  assert.deepEqual(opened.events, bySession(events))
})

test('CE3: what is sealed shows nothing of the events, and opens with its key at its place alone', async () => {
  const packed = packEnvelope(encodeRun(asRun), place, testKey, seededRandom(1))
  for (const word of ['words', 'keystroke', 'note']) assert.ok(!packed.includes(word))
  assert.ok(!packed.includes(Buffer.from('0190b8a0', 'hex')))
  await damaged(openEnvelope(packed, place.replace('/1', '/2'), testKeys))
  await damaged(openEnvelope(packed, place, noPayloadKeys()))
})

test('CE3: a damaged envelope is an error that says so, whatever the damage', async () => {
  const sealed = packEnvelope(encodeRun(asRun), place, testKey, seededRandom(1))
  await fc.assert(
    fc.asyncProperty(
      fc.nat(sealed.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(sealed.length - 1),
      async (at, flip, cut) => {
        const changed = Buffer.from(sealed)
        changed[at]! ^= flip
        await damaged(openEnvelope(changed, place, testKeys))
        await damaged(openEnvelope(sealed.subarray(0, cut), place, testKeys))
      },
    ),
  )
})

test('an envelope in the clear that lies about its size is not decompressed', async () => {
  const clear = packEnvelope(Buffer.alloc(10_000, 'a'), place, undefined, seededRandom(1))
  const lies = (length: number) => {
    const changed = Buffer.from(clear)
    changed.writeUInt32LE(length, 3)
    return changed
  }
  assert.equal(clear.readUInt32LE(3), 10_000)
  await damaged(openEnvelope(lies(contentBytesMax + 1), place, testKeys), 'it says to hold more than any')
  await damaged(openEnvelope(lies(10_001), place, testKeys))
  await damaged(openEnvelope(lies(9_999), place, testKeys))
})

test('a spill entry of whatever bytes is events or a refusal', async () => {
  const entry = encodeSpillEntry({ events, positions }, undefined, seededRandom(1))
  await fc.assert(
    fc.asyncProperty(
      fc.nat(entry.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(entry.length - 1),
      async (at, flip, cut) => {
        for (const bytes of [Buffer.from(entry), Buffer.from(entry.subarray(0, cut))]) {
          if (at < bytes.length) bytes[at]! ^= flip
          parseSpillHead(bytes)
          await openSpillEntry(bytes, testKeys).catch(error => assert.ok(captureErrors.is(error), String(error)))
        }
      },
    ),
  )
})
