/** Events and frames in one ring, good ones and hostile ones, all the way into an archive. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock, systemRandom } from '@chronicle/base'
import type { EventSource, RunReport } from '../src/archive/contract.ts'
import {
  createRing,
  drain,
  encodeFrame,
  frameDefaults,
  openRingWriter,
  type RingKind,
  readHeif,
  ringStatus,
} from '../src/index.ts'
import { openRingSource } from '../src/service/ring-source.ts'
import { jpeg, picture, png } from './frames-support.ts'
import { event, eventStream, type FrameRow, frameStream } from './intake-support.ts'
import { ringPath } from './ring-support.ts'
import { archivedRows, type Bench, bench, plainOf, withArchive } from './run-support.ts'

const capacityBytes = 16 * 1024 * 1024
const screen = picture(640, 360)
const goodPng = await png(screen)
const goodJpeg = await jpeg(screen)
const raw = { format: 'rgba', image: screen.data, width: 640, height: 360, stride: 640 * 4 }
const timestampNs = event(0).timestamp_ns!

function frame(id: string, more: Partial<FrameRow> = {}): FrameRow {
  const identity = { timestamp_ns: timestampNs, session_id: 'session-1', event_id: id, metadata: '{"display":1}' }
  return { ...identity, format: 'png', image: goodPng, ...more }
}

/** A PNG whose header says that it has so many pixels a side. */
function pngOfSide(side: number): Buffer {
  const bytes = Buffer.from(goodPng)
  bytes.writeUInt32BE(side, 16)
  bytes.writeUInt32BE(side, 20)
  return bytes
}

async function write(path: string, records: readonly (readonly [RingKind, Uint8Array])[]): Promise<void> {
  const writer = await openRingWriter({ path })
  for (const [kind, payload] of records) assert.equal(await writer.write(kind, payload, 0), true)
  writer.close()
}

/** A run as the packer does it: the ring, the thread that writes files, the encoder of frames. */
async function packRing(b: Bench, path: string, wrap = (source: EventSource) => source): Promise<RunReport> {
  const clock = systemClock
  const source = await openRingSource({ path, backpressureThreshold: 0.8, busyMsMax: 0, clock })
  try {
    return await withArchive(b, archive =>
      drain({
        source: wrap(source),
        archive,
        settings: b.settings,
        clock,
        random: systemRandom,
        encodeFrame: each => encodeFrame(each, frameDefaults),
      }),
    )
  } finally {
    await source.close()
  }
}

async function framesOf(b: Bench): Promise<string[]> {
  const { files } = await withArchive(b, async archive => archive.manifest)
  const found: string[] = []
  for (const file of files.filter(({ kind }) => kind === 'heif')) {
    const { identity, thumbnail, width, height } = await readHeif(await plainOf(b, file), frameDefaults)
    assert.deepEqual(file.pixels, { width, height })
    assert.ok(thumbnail)
    found.push(identity!.eventId)
  }
  return found
}

async function refusalsOf(b: Bench): Promise<{ reason: string; content: Buffer }[]> {
  const { files } = await withArchive(b, async archive => archive.manifest)
  const refusals: { reason: string; content: Buffer }[] = []
  for (const file of files.filter(({ kind }) => kind === 'quarantine')) {
    for (const line of (await plainOf(b, file)).toString().trim().split('\n')) {
      const { reason, content } = JSON.parse(line)
      refusals.push({ reason, content: Buffer.from(content, 'base64') })
    }
  }
  return refusals
}

test('PF2 PA6: hostile frames are in quarantine with their bytes, and everything around them is in files', async t => {
  const [b, path] = [await bench(), ringPath(t)]
  await createRing({ path, capacityBytes })
  const cut = goodPng.subarray(0, goodPng.length >> 1)
  const bomb = pngOfSide(100_000)
  const hostile: readonly (readonly [reason: string, row: FrameRow])[] = [
    ['invalid-image', frame('cut', { image: cut })],
    ['too-large', frame('bomb', { image: bomb })],
    ['invalid-image', frame('svg', { image: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })],
    ['invalid-image', frame('not-heic', { format: 'heic' })],
    ['invalid-image', frame('no-format', { format: 'tiff' })],
    ['invalid-image', frame('short', { ...raw, stride: 640 * 4 + 1 })],
    ['not-json', frame('words', { metadata: '{' })],
    ['timestamp-not-positive', frame('early', { timestamp_ns: 0n })],
  ]
  await write(path, [
    ['events', eventStream([event(1), event(2)])],
    ['frames', frameStream([frame('png'), ...hostile.slice(0, 4).map(([, row]) => row)])],
    ['frames', eventStream([event(3)])],
    ['events', eventStream([event(4)])],
    [
      'frames',
      frameStream([...hostile.slice(4).map(([, row]) => row), frame('jpeg', { format: 'jpeg', image: goodJpeg })]),
    ],
    ['frames', frameStream([frame('raw', raw), frame('png')])],
    ['events', frameStream([frame('among-events')])],
    ['events', eventStream([event(5), event(1)])],
  ])
  const report = await packRing(b, path)
  const counts = [report.eventsProcessed, report.frames, report.duplicates, report.eventsFailed]
  assert.deepEqual(counts, [4, 3, 2, hostile.length + 2])
  assert.equal(ringStatus(path).usedBytes, 0)
  assert.deepEqual(
    (await archivedRows(b)).map(({ row }) => row),
    [event(1), event(2), event(4), event(5)],
  )
  assert.deepEqual(await framesOf(b), ['png', 'jpeg', 'raw'])
  const refusals = await refusalsOf(b)
  assert.deepEqual(
    refusals.map(({ reason }) => reason).sort(),
    [...hostile.map(([reason]) => reason), 'wrong-schema', 'wrong-schema'].sort(),
  )
  for (const image of [cut, bomb]) {
    const base64 = image.toString('base64')
    assert.ok(
      refusals.some(({ content }) => content.includes(base64)),
      'the image is kept as it came',
    )
  }
  assert.equal((await packRing(b, path)).bytesProcessed, 0)
})

test('PA5: a frame that was refused does not stand in the way of a good one with its id', async t => {
  const [b, path] = [await bench(), ringPath(t)]
  await createRing({ path, capacityBytes })
  await write(path, [
    ['frames', frameStream([frame('a', { image: goodPng.subarray(0, 100) }), frame('a'), frame('a')])],
  ])
  const report = await packRing(b, path)
  assert.deepEqual([report.frames, report.duplicates, report.eventsFailed], [1, 1, 1])
  assert.deepEqual(await framesOf(b), ['a'])
})

test('a run holds a slice of frames in memory and not all of them', async t => {
  const [b, path] = [await bench(), ringPath(t)]
  await createRing({ path, capacityBytes: 64 * 1024 * 1024 })
  const size = { width: 320, height: 200, stride: 1280 }
  const image = Buffer.alloc(size.stride * size.height, 200)
  const records = Array.from({ length: 120 }, (_, at) => {
    return ['frames', frameStream([frame(`frame-${at}`, { ...size, format: 'rgba', image })])] as const
  })
  await write(path, records)
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const held: number[] = []
  const measured = (source: EventSource): EventSource => ({
    ...source,
    read: bytesMax => {
      collect()
      held.push(process.memoryUsage().arrayBuffers)
      return source.read(bytesMax)
    },
  })
  const report = await packRing(b, path, measured)
  assert.deepEqual([report.frames, report.eventsFailed], [120, 0])
  assert.ok(held.length > 6 && report.bytesProcessed > 28 * 1024 * 1024)
  // What is read goes through one buffer: later slices need no more than the second.
  const growth = Math.max(...held.slice(2)) - held[1]!
  assert.ok(growth < 4 * 1024 * 1024, `${growth} bytes more than after the first slice`)
})
