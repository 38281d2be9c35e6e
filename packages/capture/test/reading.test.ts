import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { seededRandom, systemClock, systemRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { captureErrors, defaultConfig, type EventRecord, openCaptureReader, StorageModule } from '../src/index.ts'
import { openOwnVault } from '../src/own-vault.ts'
import type { StorageConfig } from '../src/storage-config.ts'
import { eventually } from './bus-support.ts'
import { filesBelow } from './disk-scan.ts'
import { makeDirectory, sessionA, sessionB, windowMs } from './event-support.ts'
import { all, eventAt, openHouse, type Put, readBack } from './reading-support.ts'
import { noteOf, privateTitle, screenshotOf, session } from './storage-support.ts'

const start = Date.parse('2026-11-21T00:00:00Z')

/** A capture that has stored three notes and a screenshot, and built their window. */
async function captured(
  t: Pick<TestContext, 'after'>,
  change: Partial<StorageConfig> = {},
): Promise<{ path: string; storage: StorageModule; sent: Record<string, unknown>[]; screenshotId: string }> {
  const path = join(makeDirectory(t), 'capture.db')
  const settings = { ...defaultConfig, batchWindowSeconds: 1, allowedLatenessMs: 0, databasePath: path, ...change }
  const storage = await StorageModule.create(settings)
  storage.bus.subscribeBatches(async batch => storage.analysed(batch))
  await storage.run()
  const sent = ['one', 'two', 'three'].map(text => noteOf(randomUUID(), text) as Record<string, unknown>)
  const screenshotId = randomUUID()
  for (const event of [...sent, screenshotOf(screenshotId, 5_000)]) storage.bus.publish(event)
  await eventually(() => storage.metrics().events.stored === 4)
  await eventually(() => storage.metrics().screenshots.deleted.analysed === 1)
  return { path, storage, sent, screenshotId }
}

type Captured = Awaited<ReturnType<typeof captured>>

let stopped: Promise<Omit<Captured, 'storage'>> | undefined

/** A copy of one that has stopped, of which there is one. */
async function copied(t: TestContext): Promise<Omit<Captured, 'storage'>> {
  stopped ??= (async () => {
    const { storage, ...made } = await captured(kept)
    await storage.shutdown()
    return made
  })()
  const { path: from, ...rest } = await stopped
  const path = join(makeDirectory(t), 'capture.db')
  cpSync(dirname(from), dirname(path), { recursive: true })
  return { path, ...rest }
}

const cleanUps: (() => void)[] = []
const kept = { after: (cleanUp: () => void) => void cleanUps.push(cleanUp) }
after(() => {
  for (const cleanUp of cleanUps) cleanUp()
})

function notesOf(events: readonly EventRecord[]): unknown[] {
  return events
    .filter(({ eventType }) => eventType === 'note')
    .map(({ id, timestamp, sessionId, eventType, data }) => ({
      id,
      timestamp,
      session_id: sessionId,
      event_type: eventType,
      data,
    }))
}

function refused(code: string): (error: unknown) => boolean {
  return error => captureErrors.is(error) && error.code === code
}

/** Every file with its content, but for what SQLite keeps beside the database and the log of the uses of keys. */
function contents(directory: string): Record<string, string> {
  const files = filesBelow(directory).filter(path => !/-(wal|shm)$|audit\.log$/.test(path))
  return Object.fromEntries(files.map(path => [path, createHash('sha256').update(readFileSync(path)).digest('hex')]))
}

test('CR1: what is read is what was published, while capture runs and after it', async t => {
  const { path, storage, sent, screenshotId } = await captured(t)
  for (const isRunning of [true, false]) {
    if (!isRunning) await storage.shutdown()
    const reader = openCaptureReader({ path })
    const events = await all(reader.events())
    assert.deepEqual(notesOf(events), sent)
    const [shot] = events.filter(({ eventType }) => eventType === 'screenshot')
    assert.deepEqual(
      [shot?.data.screenshot_id, shot?.data.size_bytes, 'image' in shot!.data],
      [screenshotId, 5_000, false],
    )
    const windows = [...reader.windows()]
    assert.equal(
      windows.reduce((sum, window) => sum + window.events, 0),
      4,
    )
    assert.ok(windows.every(window => window.state === 'delivered' && window.sessionId === session))
    const days = [...reader.aggregates('day')]
    assert.deepEqual(
      days.map(({ events, counts }) => [events, { ...counts }]),
      [[4, { note: 3, screenshot: 1 }]],
    )
    await reader.close()
  }
})

test('CR4: reading changes nothing but the log of the uses of keys', async t => {
  const { path } = await copied(t)
  const before = contents(dirname(path))
  const audit = join(`${path}-vault`, 'audit.log')
  const logged = readFileSync(audit, 'utf8')
  const reader = openCaptureReader({ path })
  assert.equal([...reader.windows()].length > 0, true)
  assert.equal(readFileSync(audit, 'utf8'), logged, 'no key is opened before one is needed')
  assert.equal((await all(reader.events())).length, 4)
  for await (const { about } of reader.screenshots()) assert.equal(about?.windowTitle, privateTitle)
  await reader.close()
  assert.deepEqual(contents(dirname(path)), before)
  const lines = readFileSync(audit, 'utf8')
  assert.ok(lines.startsWith(logged))
  const actions = lines
    .slice(logged.length)
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).action)
  assert.deepEqual(actions, ['vault.opened', 'key.opened'])
})

test('CR4: what a crash left in the log beside the file is read, and stays for the next writer', async t => {
  const { path, put } = openHouse(t)
  const event = eventAt(start, sessionA)
  put([event])
  const copy = join(makeDirectory(t), 'capture.db')
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix)
  const bytes = (): Buffer[] => ['', '-wal'].map(suffix => readFileSync(copy + suffix))
  const before = bytes()
  const reader = openCaptureReader({ path: copy })
  assert.deepEqual(await all(reader.events()), [readBack(event)])
  await reader.close()
  assert.deepEqual(bytes(), before)
})

test('CR4: keys that are not beside the database are not made anew, and what needs none is read without them', async t => {
  const { path } = await copied(t)
  renameSync(`${path}-vault`, `${path}-elsewhere`)
  const reader = openCaptureReader({ path })
  t.after(() => reader.close())
  await assert.rejects(all(reader.events()), refused('capture.keys-missing'))
  await assert.rejects(async () => {
    for await (const _ of reader.screenshots());
  }, refused('capture.keys-missing'))
  assert.ok([...reader.windows()].length > 0)
  assert.equal([...reader.aggregates('minute')].length > 0, true)
  assert.ok(!existsSync(`${path}-vault`))
})

test('a database that is not sealed is read without keys', async t => {
  const { path, storage, sent } = await captured(t, { encryptPayloads: false })
  const reader = openCaptureReader({ path })
  assert.deepEqual(notesOf(await all(reader.events())), sent)
  assert.ok(!existsSync(`${path}-vault`))
  await reader.close()
  await storage.shutdown()
})

test("a program's own vault opens what it has sealed", async t => {
  const directory = join(makeDirectory(t), 'vault')
  const own = await openOwnVault({ directory, clock: systemClock, random: systemRandom, logger: silentLogger })
  const { path, storage, sent } = await captured(t, { vault: own.vault })
  const reader = openCaptureReader({ path, vault: own.vault })
  assert.deepEqual(notesOf(await all(reader.events())), sent)
  await reader.close()
  await storage.shutdown()
  const without = openCaptureReader({ path })
  await assert.rejects(all(without.events()), refused('capture.keys-missing'))
  await without.close()
  await own.close()
})

test('CR3: a bit that has turned costs its block alone, and of a screenshot its title alone', async t => {
  const { path, screenshotId } = await copied(t)
  const database = new DatabaseSync(path)
  for (const [table, column] of [
    ['event_blocks', 'payload'],
    ['screenshots', 'about'],
  ] as const) {
    const rows = database.prepare(`SELECT ${column} AS bytes FROM ${table}`).all()
    for (const { bytes } of rows) {
      const changed = Buffer.from(bytes as Uint8Array)
      changed[changed.length - 20]! ^= 1
      database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`).run(changed, bytes!)
    }
  }
  database.close()
  const reader = openCaptureReader({ path })
  t.after(() => reader.close())
  let lost = 0
  const onDamaged = ({ events, error }: { events: number; error: Error }): void => {
    lost += events
    assert.match(error.message, /vault.tampered/)
  }
  assert.deepEqual(await all(reader.events({ onDamaged })), [])
  assert.equal(lost, 4)
  for await (const shot of reader.screenshots())
    assert.deepEqual([shot.id, shot.sizeBytes, shot.state, shot.about], [screenshotId, 5_000, 'deleted', undefined])
})

test('what is no database of capture is refused by what it is, and not made', t => {
  const directory = makeDirectory(t)
  const at = (name: string): string => join(directory, name)
  const refuses = (path: string, code: string): void => assert.throws(() => openCaptureReader({ path }), refused(code))
  refuses(at('none.db'), 'capture.database-missing')
  assert.ok(!existsSync(at('none.db')))
  refuses(directory, 'capture.database-foreign')
  writeFileSync(at('letter'), 'a letter of some length, which is no database at all; '.repeat(100))
  refuses(at('letter'), 'capture.database-foreign')
  writeFileSync(at('empty'), '')
  refuses(at('empty'), 'capture.database-older')
  const other = new DatabaseSync(at('other.db'))
  other.exec('CREATE TABLE notes (text TEXT)')
  other.close()
  refuses(at('other.db'), 'capture.database-foreign')
  const newer = new DatabaseSync(openHouse(t).path)
  newer.exec('PRAGMA user_version = 99')
  refuses(newer.location()!, 'capture.database-newer')
  newer.close()
})

test('a copy in a place where nothing can be written is read as it stands', async t => {
  const { path, put, reader, database } = openHouse(t)
  put([eventAt(start, sessionA)])
  await reader.close()
  // What lies in the log beside the file is taken in.
  database.close()
  const directory = dirname(path)
  chmodSync(path, 0o444)
  chmodSync(directory, 0o555)
  const program = fileURLToPath(new URL('./reading-child.ts', import.meta.url))
  const child = spawnSync(process.execPath, [program, path], { encoding: 'utf8' })
  chmodSync(directory, 0o755)
  assert.deepEqual([child.stdout, child.stderr], ['1 event', ''])
  assert.deepEqual(filesBelow(directory), [path])
})

test('CR2: windows come in either order, page by page, and sums agree with them', t => {
  const { reader, put, database } = openHouse(t)
  const random = seededRandom(7)
  const stored: Put[] = []
  for (let at = 0; at < 1_300; at++) {
    const sessionId = at % 3 === 0 ? sessionB : sessionA
    const receivedMs = start + Math.floor(at / 2) * windowMs
    const late = at % 10 === 0 ? [eventAt(receivedMs - windowMs, sessionId, receivedMs + windowMs - 1)] : []
    const group = [eventAt(receivedMs, sessionId), ...late]
    stored.push(...group)
    put(group)
  }
  database.transaction(() => database.prepare('UPDATE windows SET state = 3 WHERE window_start < ?').run(start + 9e6))
  const expected = [...Map.groupBy(stored.map(readBack), event => `${event.windowStartMs} ${event.sessionId}`)]
    .map(([name, events]) => ({ name, events: events.length, late: events.filter(event => event.late).length }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  const windows = [...reader.windows()]
  assert.ok(windows.length > 1_000)
  const shown = windows.map(({ startMs, sessionId, events, lateEvents }) => ({
    name: `${startMs} ${sessionId}`,
    events,
    late: lateEvents,
  }))
  assert.deepEqual(shown, expected)
  assert.deepEqual([...reader.windows({}, 'newest-first')], windows.toReversed())
  for (let run = 0; run < 50; run++) {
    const [fromMs, toMs] = [0, 1].map(() => start + random.int(2e7))
    const filter = {
      fromMs: fromMs!,
      toMs: toMs!,
      sessionId: run % 2 ? sessionA : undefined,
      state: run % 3 ? undefined : ('delivered' as const),
    }
    const wanted = windows.filter(
      ({ startMs, endMs, sessionId, state }) =>
        endMs > filter.fromMs &&
        startMs < filter.toMs &&
        (filter.sessionId === undefined || sessionId === filter.sessionId) &&
        (filter.state === undefined || state === filter.state),
    )
    assert.deepEqual([...reader.windows(filter)], wanted)
    const { windows: count, events, lateEvents } = reader.totals(filter)
    const sumOf = (of: (window: (typeof windows)[number]) => number) => wanted.reduce((sum, each) => sum + of(each), 0)
    assert.deepEqual([count, events, lateEvents], [wanted.length, sumOf(w => w.events), sumOf(w => w.lateEvents)])
    if (filter.fromMs >= filter.toMs) continue
    const cells = reader.activity(filter, 60_000)
    const model = new Array<number>(Math.ceil((filter.toMs - filter.fromMs) / 60_000)).fill(0)
    for (const { startMs, events } of wanted)
      model[Math.floor(Math.max(0, startMs - filter.fromMs) / 60_000)]! += events
    assert.deepEqual(cells, model)
  }
})

test('what is asked for amiss is refused with what is accepted', t => {
  const { reader, put } = openHouse(t)
  put([eventAt(start, sessionA), eventAt(start, sessionB)])
  const refuses = (ask: () => unknown): void => assert.throws(ask, refused('capture.invalid-argument'))
  refuses(() => [...reader.windows({ sessionId: 'x' })])
  refuses(() => reader.events({ fromMs: Number.NaN }))
  refuses(() => [...reader.windows({ state: 'gone' as 'open' })])
  refuses(() => [...reader.aggregates('week' as 'day')])
  refuses(() => reader.activity({ fromMs: 0, toMs: 1e9 }, 1))
  refuses(() => reader.sessionsBeginning('%'))
  assert.deepEqual(reader.sessionsBeginning('3F8E'), [sessionA, sessionB])
  assert.deepEqual(reader.sessionsBeginning(sessionB), [sessionB])
  assert.deepEqual(reader.sessionsBeginning('0'), [])
})
