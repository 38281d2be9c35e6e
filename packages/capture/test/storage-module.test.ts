import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ChronicleError } from '@chronicle/base'
import { createRegistry } from '@chronicle/telemetry'
import { defaultConfig, type EventBatch, ScreenshotError, StorageModule } from '../src/index.ts'
import { eventually } from './bus-support.ts'
import { filesBelow } from './disk-scan.ts'
import { imageOf } from './screenshots-support.ts'
import { assertNothingPlain, noteOf, privateTitle, screenshotOf } from './storage-support.ts'

/** Windows that are soon over. */
const quick = { ...defaultConfig, batchWindowSeconds: 1, allowedLatenessMs: 50 }

async function inDirectory(work: (directory: string, databasePath: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'capture-'))
  try {
    await work(directory, join(directory, 'data', 'capture.db'))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const note = (text: string): object => noteOf(randomUUID(), text)

test('an event goes in, a window comes out, and its screenshot lives until it is analysed', () =>
  inDirectory(async (directory, databasePath) => {
    const storage = await StorageModule.create({ ...quick, databasePath, screenshotMemoryThresholdMb: 1 })
    const batches: EventBatch[] = []
    const image = imageOf(3_000_000)
    const seen: Buffer[] = []
    storage.bus.subscribeBatches(async batch => {
      for (const { screenshot_id } of batch.screenshots) seen.push(await storage.screenshot(screenshot_id))
      await storage.analysed(batch)
      batches.push(batch)
    })
    await storage.run()
    const id = randomUUID()
    storage.bus.publish(noteOf())
    storage.bus.publish(screenshotOf(id, image.length))
    storage.bus.publish({ ...note('x'), session_id: 'no UUID' })
    const events = () => batches.flatMap(batch => batch.events)
    await eventually(() => events().length === 2)
    assert.deepEqual(seen, [image])
    const [reference] = batches.flatMap(batch => batch.screenshots)
    assert.deepEqual([reference?.screenshot_id, reference?.size_bytes, reference?.place], [id, 3_000_000, 'file'])
    await assert.rejects(
      storage.screenshot(id),
      error => error instanceof ScreenshotError && error.code === 'capture.screenshot-deleted',
    )
    const info = await storage.screenshotInfo(id)
    assert.deepEqual([info?.windowTitle, info?.state, info?.reason], [privateTitle, 'deleted', 'analysed'])
    const { events: counts, screenshots, windows } = storage.metrics()
    assert.deepEqual([counts.received, counts.stored, counts.refused], [3, 2, { session_id: 1 }])
    assert.deepEqual([screenshots.live, screenshots.deleted], [0, { analysed: 1 }])
    assert.ok(windows.batchesDelivered >= 1)
    assert.equal(storage.health().status, 'pass')
    assertNothingPlain(directory)
    await storage.shutdown()
    await storage.shutdown()
  }))

test('what is captured is readable for its owner alone', () =>
  inDirectory(async (_, databasePath) => {
    // The directory was there, and is open.
    mkdirSync(dirname(databasePath), { mode: 0o755 })
    const storage = await StorageModule.create({ ...quick, databasePath, screenshotMemoryThresholdMb: 1 })
    await storage.run()
    storage.bus.publish(screenshotOf(randomUUID(), 2_000_000))
    await eventually(() => storage.metrics().screenshots.bytes.files > 0)
    const isClosed = (path: string): boolean => (statSync(path).mode & 0o077) === 0
    for (const path of filesBelow(dirname(databasePath)))
      assert.ok(isClosed(path) || isClosed(dirname(path)), `${path} is open to others`)
    await storage.shutdown()
  }))

test('a batch that was not taken comes after the next start', () =>
  inDirectory(async (_, databasePath) => {
    const first = await StorageModule.create({ ...quick, databasePath })
    await first.run()
    first.bus.publish(note('kept'))
    await first.flushed()
    await first.shutdown()
    const second = await StorageModule.create({ ...quick, databasePath })
    const texts: unknown[] = []
    second.bus.subscribeBatches(async batch => void texts.push(...batch.events.map(event => event.data.text)))
    await second.run()
    await eventually(() => texts.length > 0)
    assert.deepEqual(texts, ['kept'])
    await second.shutdown()
  }))

test('CS4: one process at a time works on a database', () =>
  inDirectory(async (_, databasePath) => {
    const first = await StorageModule.create({ ...quick, databasePath })
    await assert.rejects(
      StorageModule.create({ ...quick, databasePath }),
      error => error instanceof ChronicleError && error.code === 'capture.in-use',
    )
    await first.shutdown()
    const second = await StorageModule.create({ ...quick, databasePath })
    await second.shutdown()
  }))

test('a setting that is not accepted is named, with what is', () =>
  inDirectory(async (directory, databasePath) => {
    for (const [change, message] of [
      [{ batchWindowSeconds: 0 }, /storage.batch_window_seconds, value: 0, accepted: a whole number, 1 to 3600/],
      [{ batchWindowSeconds: 0.5 }, /storage.batch_window_seconds/],
      [{ screenshotMaxMb: undefined }, /storage.screenshot_max_mb, value: undefined/],
      [{ screenshotHandOn: 'frames' }, /screenshot_hand_on, value: frames, accepted: none, where no handOn is given/],
      [{ bus: 'carrier pigeon' }, /accepted: one of in-process, topics/],
    ] as const)
      await assert.rejects(StorageModule.create({ ...defaultConfig, databasePath, ...(change as object) }), message)
    assert.deepEqual(readdirSync(directory), [])
  }))

test('CB1, CB2: a hundred thousand events in one turn stay within the bounds of memory, and all are stored', () =>
  inDirectory(async (_, databasePath) => {
    const storage = await StorageModule.create({ ...quick, databasePath, queueEventsMax: 1000 })
    await storage.run()
    for (let number = 0; number < 100_000; number++) {
      storage.bus.publish(note('one of many'))
      if (number % 1000 === 0) assert.ok(storage.metrics().waiting.queueEvents <= 1000)
    }
    await storage.flushed()
    const { events } = storage.metrics()
    assert.deepEqual([events.received, events.stored, events.lost], [100_000, 100_000, {}])
    assert.ok(events.spilled > 0)
    await storage.shutdown()
  }))

test('without encryption no keys are made', () =>
  inDirectory(async (_, databasePath) => {
    const storage = await StorageModule.create({ ...quick, databasePath, encryptPayloads: false })
    await storage.run()
    storage.bus.publish(note('plain'))
    await storage.flushed()
    await storage.shutdown()
    assert.deepEqual(
      filesBelow(dirname(databasePath)).filter(path => path.includes('-vault')),
      [],
    )
  }))

test('keys that are lost are not replaced: capture does not start beside what they have sealed', () =>
  inDirectory(async (_, databasePath) => {
    const vault = `${databasePath}-vault`
    const first = await StorageModule.create({ ...quick, databasePath })
    await first.run()
    first.bus.publish(note('sealed'))
    await first.flushed()
    await first.shutdown()
    renameSync(vault, `${vault}-elsewhere`)
    const isRefused = (error: unknown) => error instanceof ChronicleError && error.code === 'capture.keys-missing'
    await assert.rejects(StorageModule.create({ ...quick, databasePath }), isRefused)
    assert.ok(!existsSync(vault), 'there is room for the one that is put back')
    renameSync(`${vault}-elsewhere`, vault)
    const again = await StorageModule.create({ ...quick, databasePath })
    const batches: EventBatch[] = []
    again.bus.subscribeBatches(async batch => void batches.push(batch))
    await again.run()
    await eventually(() => batches.length === 1)
    assert.equal(batches[0]?.events.length, 1)
    await again.shutdown()
  }))

test('metrics for Prometheus', () =>
  inDirectory(async (_, databasePath) => {
    const registry = createRegistry()
    const storage = await StorageModule.create({ ...quick, databasePath, registry })
    await storage.run()
    storage.bus.publish(note('one'))
    storage.bus.publish({})
    await storage.flushed()
    const text = await registry.metrics()
    assert.match(text, /^chronicle_capture_events_total\{outcome="stored"\} 1$/m)
    assert.match(text, /^chronicle_capture_events_refused_total\{field="id"\} 1$/m)
    assert.match(text, /^chronicle_capture_windows_total\{outcome="batches_delivered"\} 0$/m)
    assert.match(text, /^chronicle_capture_waiting\{what="queue_events"\} 0$/m)
    await storage.shutdown()
  }))
