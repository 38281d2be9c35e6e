/** Surroundings that fail: what was accepted waits, says why it does, and arrives. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ChronicleError, messageOf, systemClock } from '@chronicle/base'
import { type EventBatch, StorageModule } from '../src/index.ts'
import { eventually } from './bus-support.ts'
import { makeDirectory, SetClock } from './event-support.ts'
import { quick, type Running, startCapture } from './storage-run.ts'
import { noteOf, type Published, screenshotOf } from './storage-support.ts'

function publish({ storage }: Running, count: number, make: (at: number) => Published = () => noteOf()): string[] {
  return Array.from({ length: count }, (_, at) => {
    const event = make(at)
    storage.bus.publish(event)
    return event.id
  })
}

/** As `startCapture`; stopped also where the test fails. */
async function started(t: TestContext, ...options: Parameters<typeof startCapture>): Promise<Running> {
  const running = await startCapture(...options)
  t.after(() => running.storage.shutdown())
  return running
}

const reasonOf = ({ storage }: Running, check: string): string => {
  const { status, reason } = storage.health().checks[check]!
  return `${status}: ${reason}`
}

function storeFails({ storage }: Running): Promise<void> {
  return eventually(() => storage.health().checks.store!.status === 'fail')
}

/** Too small for the spill, which leaves room to others. A file system of so many MiB; undefined where none can be mounted. */
function smallDisk(t: TestContext, mebibytes: number): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'capture-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'none', path], { stdio: 'pipe' })
  } catch (error) {
    t.skip(`no small file system can be mounted here: ${messageOf(error).split('\n')[0]}`)
    return undefined
  }
  t.after(() => {
    // Also while something has a file open in it.
    execFileSync('umount', ['--lazy', path])
    rmSync(path, { recursive: true })
  })
  return path
}

/** Leaves no room at all; returns the file that takes it. */
function fill(disk: string): string {
  const path = join(disk, 'ballast')
  for (const bytes of [2 ** 20, 2 ** 12])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' })
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
  return path
}

test('CE4, CB2, CS5: on a full disk what is accepted waits, the rest is counted, and all of it is stored once there is room', async t => {
  const disk = smallDisk(t, 8)
  if (disk === undefined) return
  const limits = { queueEventsMax: 1000, screenshotMemoryThresholdMb: 1 }
  const running = await started(t, join(disk, 'capture.db'), limits)
  const before = publish(running, 10)
  await running.storage.flushed()
  const ballast = fill(disk)
  const shot = screenshotOf(randomUUID(), 2_000_000)
  const during = publish(running, 3000, at => (at === 0 ? shot : noteOf()))
  await storeFails(running)
  assert.match(reasonOf(running, 'store'), /^fail: The disk of the database of capture is full.*Make room/)
  await eventually(() => running.storage.metrics().screenshots.deleted['no-room'] === 1)
  assert.ok(running.storage.metrics().waiting.queueEvents <= limits.queueEventsMax)
  rmSync(ballast)
  await running.storage.flushed()
  const { lost, stored } = running.storage.metrics().events
  assert.equal(stored + (lost['no-room'] ?? 0), before.length + during.length)
  await eventually(() => running.taken.ids.length === stored)
  const known = new Set([...before, ...during])
  assert.ok(running.taken.ids.every(id => known.delete(id)))
  const after = publish(running, 500)
  await running.storage.flushed()
  console.error(JSON.stringify(running.storage.metrics()) + JSON.stringify(running.storage.health()))
  await eventually(() => running.taken.ids.length === stored + after.length)
  assert.equal(running.storage.health().checks.store!.status, 'pass')
  await running.storage.shutdown()
})

/** Another process that has the database for itself. */
async function lockedBy(path: string): Promise<ChildProcess> {
  const program = `const { DatabaseSync } = require('node:sqlite')
    const other = new DatabaseSync(${JSON.stringify(path)})
    other.exec('BEGIN EXCLUSIVE')
    console.log('locked')
    process.stdin.resume()`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

test('CE4, CS2: while another process has the database nothing is lost, and a screenshot is deleted all the same', async t => {
  const path = join(makeDirectory(t), 'capture.db')
  const running = await started(t, path, { queueEventsMax: 1000 })
  const other = await lockedBy(path)
  const shotId = randomUUID()
  const ids = publish(running, 5000, at => (at === 0 ? screenshotOf(shotId, 1000) : noteOf()))
  await storeFails(running)
  assert.match(reasonOf(running, 'store'), /^fail: Another program holds the database of capture.*Nothing is lost/)
  assert.ok((await running.storage.screenshot(shotId)).length > 0)
  await running.storage.analysed([shotId])
  await assert.rejects(running.storage.screenshot(shotId), { code: 'capture.screenshot-deleted' })
  other.kill()
  await running.taken.assertGets(ids)
  assert.deepEqual(running.storage.metrics().events.lost, {})
  await eventually(() => running.storage.health().status === 'pass')
  await running.storage.shutdown()
})

test('CE4: nothing is written into a database that was removed; it waits for the next start, or until the file is back', async t => {
  const path = join(makeDirectory(t), 'capture.db')
  const running = await started(t, path, { queueEventsMax: 1000 })
  const first = publish(running, 100)
  await running.taken.assertGets(first)
  renameSync(path, `${path}.aside`)
  const second = publish(running, 100)
  await storeFails(running)
  assert.match(reasonOf(running, 'store'), /^fail: The file of the database of capture was removed.*Put it back/)
  renameSync(`${path}.aside`, path)
  await running.taken.assertGets([...first, ...second])
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix)
  const third = publish(running, 5000)
  await storeFails(running)
  await running.storage.shutdown()
  const next = await started(t, path)
  await next.taken.assertGets(third)
  await next.storage.shutdown()
})

test('a file system that cannot be written refuses the start, names the path, and nothing is changed', async t => {
  const disk = smallDisk(t, 8)
  if (disk === undefined) return
  const path = join(disk, 'data', 'capture.db')
  const refusal = (error: unknown): boolean => error instanceof ChronicleError && error.message.includes(path)
  execFileSync('mount', ['-o', 'remount,ro', disk])
  await assert.rejects(StorageModule.create({ ...quick, databasePath: path }), refusal)
  execFileSync('mount', ['-o', 'remount,rw', disk])
  const running = await started(t, path)
  const ids = publish(running, 100)
  await running.storage.flushed()
  await running.storage.shutdown()
  execFileSync('mount', ['-o', 'remount,ro', disk])
  await assert.rejects(StorageModule.create({ ...quick, databasePath: path }), refusal)
  execFileSync('mount', ['-o', 'remount,rw', disk])
  const next = await started(t, path)
  await next.taken.assertGets(ids)
  await next.storage.shutdown()
})

test('CW3, CW4, CS2: a clock that goes back an hour and on by two days costs no event, and no screenshot a longer life', async t => {
  const clock = new SetClock(systemClock.now())
  const running = await started(t, join(makeDirectory(t), 'capture.db'), { clock, allowedLatenessMs: 0 })
  const hourMs = 3_600_000
  const ids: string[] = []
  const shots: string[] = []
  for (const jumpMs of [0, -hourMs, 0, 48 * hourMs, -48 * hourMs, hourMs, 1000]) {
    clock.nowMs += jumpMs
    const at = { timestamp: clock.nowMs }
    const shotId = randomUUID()
    shots.push(shotId)
    ids.push(...publish(running, 50, n => ({ ...(n === 0 ? screenshotOf(shotId, 1000) : noteOf()), ...at })))
    await running.storage.flushed()
  }
  await eventually(() => running.storage.metrics().events.stored === ids.length)
  // Every window that was ever begun is over, and every screenshot past its time.
  clock.nowMs += 72 * hourMs
  await running.taken.assertGets(ids)
  await eventually(() => running.storage.metrics().screenshots.live === 0)
  for (const id of shots) await assert.rejects(running.storage.screenshot(id), { code: 'capture.screenshot-deleted' })
  await running.storage.shutdown()
})

test('CW4, CW7: a consumer that never answers, or always refuses, holds a few batches; all come to the next one', async t => {
  const path = join(makeDirectory(t), 'capture.db')
  const ids: string[] = []
  const never = async (): Promise<void> => new Promise(() => undefined)
  const refuses = async (): Promise<void> => {
    throw new Error('not taken')
  }
  for (const take of [never, refuses] as ((batch: EventBatch) => Promise<void>)[]) {
    const running = await started(t, path, { deliveryTimeoutSeconds: 1 }, take)
    ids.push(...publish(running, 20_000))
    await running.storage.flushed()
    await eventually(() => running.storage.metrics().windows.deliveriesFailed > 0)
    assert.ok(running.storage.metrics().waiting.unanswered <= 4)
    await running.storage.shutdown()
  }
  const next = await started(t, path)
  await next.taken.assertGets(ids)
  assert.deepEqual(next.storage.metrics().events.lost, {})
  await next.storage.shutdown()
})
