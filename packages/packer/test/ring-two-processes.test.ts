import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import { createRing, openRingReader, openRingWriter, ringStatus } from '../src/index.ts'
import {
  compile,
  compilers,
  drain,
  loadSource,
  noCompiler,
  type Running,
  readerProgram,
  start,
  writerProgram,
} from './ring-processes.ts'
import { LoadCheck, ringPath } from './ring-support.ts'

const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31))
const kills = Number(process.env.CRASH_KILLS ?? 20)
/** Longer than any test waits. */
const patienceMs = 60_000
const looksMax = 1000

async function newRing(t: TestContext, capacityBytes: number): Promise<string> {
  const path = ringPath(t)
  await createRing({ path, capacityBytes })
  return path
}

async function fullSpeed(t: TestContext, path: string, writer: Running, count: number, laps: number): Promise<void> {
  const reader = openRingReader({ path })
  t.after(() => reader.close())
  const check = new LoadCheck()
  assert.equal(await drain(reader, check, writer), 0)
  const { lostRecords, capacityBytes } = reader.status()
  assert.equal(writer.lines.at(-1), `lost ${lostRecords}`)
  assert.equal(check.records + lostRecords, count)
  // What was lost after the last record leaves no gap that could be seen.
  assert.ok(check.missing <= lostRecords)
  assert.equal(check.lastSequence - check.missing, check.records)
  const averageRecordBytes = 140
  assert.ok(check.records * averageRecordBytes > laps * capacityBytes, 'went round often enough')
}

test('PR1: a writer and a reader at full speed: every record once, in order', async t => {
  const path = await newRing(t, 16 * 1024)
  await fullSpeed(
    t,
    path,
    start(t, process.execPath, [writerProgram, path, '1', '250000', `${patienceMs}`]),
    250_000,
    2000,
  )
})

test('PR3: a writer that does not wait: every record once and in order, or counted as lost', async t => {
  const path = await newRing(t, 8 * 1024)
  await fullSpeed(t, path, start(t, process.execPath, [writerProgram, path, '1', '100000', '0']), 100_000, 1)
})

test('PR1: a writer in C and a reader at full speed: millions of records once, in order', {
  skip: noCompiler,
}, async t => {
  const load = compile(t, compilers[0]!, loadSource)
  const path = await newRing(t, 64 * 1024)
  await fullSpeed(t, path, start(t, load, [path, '1', '2000000', `${patienceMs}`]), 2_000_000, 4000)
})

test('PR3: a writer in C that does not wait: every record once and in order, or counted', {
  skip: noCompiler,
}, async t => {
  const load = compile(t, compilers[0]!, loadSource)
  const path = await newRing(t, 8 * 1024)
  await fullSpeed(t, path, start(t, load, [path, '1', '1000000', '0']), 1_000_000, 1)
})

/** What the readers said, one after the other: nothing left out, nothing that had been released read again. */
function checkReports(lines: readonly string[]): { records: number; lastSequence: number } {
  let from = 0
  let next = 0
  let records = 0
  let lastSequence = 0
  const sequences = new Map<number, number>()
  const countBefore = new Map<number, number>()
  for (const line of lines) {
    const [position, end, first, last, count] = line.split(' ').map(Number) as [number, number, number, number, number]
    if (sequences.has(position)) {
      // A reader was killed between saying so and releasing: its successor begins there again, with the same record.
      assert.ok(position === from, `${position} again, but ${from} was the last that may not have been released`)
      assert.equal(sequences.get(position), first)
      records = countBefore.get(position)!
    } else {
      assert.equal(first, lastSequence + 1, 'nothing is left out')
      assert.ok(position >= next)
    }
    sequences.set(position, first)
    countBefore.set(position, records)
    from = position
    next = end
    records += count
    lastSequence = last
  }
  return { records, lastSequence }
}
async function killing(t: TestContext, startWriter: (path: string, run: number) => Running, times: number) {
  t.diagnostic(`CRASH_SEED=${seed}`)
  const random = seededRandom(seed)
  const path = await newRing(t, 32 * 1024)
  const reports: string[] = []
  let run = 1
  let writer = startWriter(path, run)
  let reader = start(t, process.execPath, [readerProgram, path])
  for (let kill = 0; kill < times; kill++) {
    await Promise.all([writer.ready, reader.ready])
    await sleep(random.int(15))
    if (random.int(2) === 0) {
      await writer.kill()
      writer = startWriter(path, ++run)
    } else {
      await reader.kill()
      reports.push(...reader.lines.slice(1))
      reader = start(t, process.execPath, [readerProgram, path])
    }
  }
  await Promise.all([writer.ready, reader.ready])
  await writer.kill()
  for (let looks = 0; ringStatus(path).usedBytes > 0 && looks < looksMax; looks++) await sleep(5)
  await reader.kill()
  reports.push(...reader.lines.slice(1))
  return { path, reports }
}

test(`PR1, PR2: SIGKILL of writers and readers at random moments, ${kills} times, the ring going on`, async t => {
  const { path, reports } = await killing(
    t,
    (ring, run) => start(t, process.execPath, [writerProgram, ring, `${run}`, '0', `${patienceMs}`]),
    kills,
  )
  const { records, lastSequence } = checkReports(reports)
  assert.equal(records, lastSequence)
  const writer = await openRingWriter({ path })
  const reader = openRingReader({ path })
  assert.ok(await writer.write('events', Buffer.alloc(8), 0))
  assert.equal(reader.read(1024)!.records[0]!.sequence, lastSequence + 1)
  assert.equal(reader.status().lostRecords, 0)
  writer.close()
  reader.close()
})
