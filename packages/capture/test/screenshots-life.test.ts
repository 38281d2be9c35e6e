import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ChronicleError, seededRandom } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { ResourceLimitError, ScreenshotError } from '../src/errors.ts'
import { ShotCounts } from '../src/screenshots/counts.ts'
import { mebibyte, type ShotRecord, screenshotLimits } from '../src/screenshots/index.ts'
import type { JournalWriter } from '../src/screenshots/journal-writer.ts'
import { ShotKeeper } from '../src/screenshots/keeper.ts'
import { Shot } from '../src/screenshots/shot.ts'
import type { ShotFiles } from '../src/screenshots/shot-files.ts'
import { ShotKey } from '../src/screenshots/shot-key.ts'
import { png, textPage } from './image-support.ts'
import { eventOf, House, type HouseOptions, idOf, imageOf, startMs, until, windowMs } from './screenshots-support.ts'

async function inHouse(options: HouseOptions, live: (house: House) => Promise<void>): Promise<void> {
  const house = new House(options)
  try {
    await live(house)
  } finally {
    await house.remove()
  }
}

/** Over files that the disk would not do so at the right moment. */
function keeperOver(files: object): ShotKeeper {
  return new ShotKeeper({
    files: files as unknown as ShotFiles,
    journal: { note: () => undefined } as unknown as JournalWriter,
    limits: { ...screenshotLimits, memoryShotBytesMax: 1 },
    devMode: false,
    logger: silentLogger,
    counts: new ShotCounts(),
    now: () => ({ wallMs: 0, monotonicMs: 0 }),
  })
}

function code(wanted: string): (error: unknown) => boolean {
  return error => error instanceof ChronicleError && error.code === wanted
}

test('CS1: a small screenshot stays in memory, a large one lies in a sealed file; both are read as they came', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    const [small, large] = [imageOf(1000, 1), imageOf(50_000, 2)]
    await Promise.all([shots.accept(eventOf(1), small), shots.accept(eventOf(2), large)])
    assert.deepEqual(await shots.read(idOf(1)), small)
    assert.deepEqual(await shots.read(idOf(2)), large)
    assert.deepEqual(house.files, [`${idOf(2)}.sealed`])
    assert.deepEqual([shots.placeOf(idOf(1)), shots.placeOf(idOf(2))], ['memory', 'file'])
    house.assertNothingPlain()
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 1000, files: 50_000 })
  }))

test('the event goes on without the image, with what is known of it', () =>
  inHouse({ limits: { shotBytesMax: mebibyte } }, async house => {
    const shots = await house.open()
    const page = await png(textPage({ width: 400, height: 200, fontPixels: 14, share: 1 }))
    const event = eventOf(1)
    const { json, ...rest } = await shots.accept(event, page)
    const { json: _, ...came } = event
    assert.deepEqual(rest, came)
    const { metadata, ...data } = JSON.parse(json)
    assert.deepEqual(Object.keys(data).sort(), ['format', 'hash', 'height', 'screenshot_id', 'size_bytes', 'width'])
    assert.deepEqual([data.format, data.width, data.height, data.size_bytes], ['png', 400, 200, page.length])
    // What the publisher said was 0.99.
    assert.ok(metadata.text_density > 0.9 && metadata.text_density !== 0.99)
    assert.equal(metadata.ui_element_count, 1)
    assert.equal(metadata.window_title, 'a private title')
    const info = await shots.info(idOf(1))
    assert.deepEqual([info?.appName, info?.windowTitle, info?.state], ['editor', 'a private title', 'stored'])
    assert.deepEqual(info?.measures?.dominantColors, metadata.dominant_colors)
  }))

test('CS7: what is no image is kept for its time, and the event says why it was not measured', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    const { json } = await shots.accept(eventOf(1), imageOf(10))
    assert.equal(JSON.parse(json).refusal, 'unknown-format')
    assert.equal((await shots.read(idOf(1))).length, 10)
  }))

test('the publisher may use its memory again at once', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    const image = imageOf(50_000)
    const came = Buffer.from(image)
    const accepted = shots.accept(eventOf(1), image)
    image.fill(0)
    await accepted
    assert.deepEqual(await shots.read(idOf(1)), came)
  }))

test('CS2, CS3: what is analysed is gone at once, and the journal keeps what is known', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(1000))
    await shots.accept(eventOf(2), imageOf(50_000))
    await shots.analysed([idOf(1), idOf(2), idOf(3)])
    assert.deepEqual(house.files, [])
    assert.deepEqual(house.rows(), Array(2).fill({ state: 'deleted', place: 'deleted', reason: 'analysed' }))
    await assert.rejects(shots.read(idOf(1)), code('capture.screenshot-deleted'))
    await assert.rejects(shots.read(idOf(3)), code('capture.screenshot-unknown'))
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 0, files: 0 })
    assert.equal((await shots.info(idOf(2)))?.sizeBytes, 50_000)
    // Answers come again, since batches do.
    await shots.analysed([idOf(1)])
  }))

test('CS2: what nobody analyses is gone 30 s after its window has closed', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1, { timestamp: startMs }), imageOf(1000))
    await shots.accept(eventOf(2, { timestamp: startMs }), imageOf(50_000))
    await house.clock.pass(60_000)
    assert.equal(shots.placeOf(idOf(1)), 'memory')
    await house.clock.pass(1000)
    await until(() => house.rows().every(row => row.state === 'deleted'))
    assert.equal(shots.placeOf(idOf(1)), 'deleted')
    assert.deepEqual(house.files, [])
    assert.deepEqual(house.rows(), Array(2).fill({ state: 'deleted', place: 'deleted', reason: 'expired' }))
  }))

test('CS2: no time that a publisher says, and no clock that is set, puts the end off', async () => {
  const rows: readonly [name: string, timestamp: number, jumpMs: number][] = [
    ['a day ahead', startMs + 86_400_000, 0],
    ['an hour ago', startMs - 3_600_000, 0],
    ['the clock goes back an hour', startMs + 1, -3_600_000],
  ]
  for (const [name, timestamp, jumpMs] of rows)
    await inHouse({}, async house => {
      const shots = await house.open()
      await shots.accept(eventOf(1, { timestamp }), imageOf(50_000))
      house.clock.wallMs += jumpMs
      await house.clock.pass(windowMs + 500 + 30_000 + 1000)
      await until(() => house.rows()[0]!.state === 'deleted')
      assert.deepEqual(house.files, [], name)
    })
})

test('CS2: a clock that jumps ahead, as after sleep, brings the end nearer', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(50_000))
    house.clock.wallMs += 3_600_000
    await house.clock.pass(1000)
    await until(() => house.rows()[0]!.state === 'deleted')
    assert.deepEqual(house.files, [])
  }))

test('CS5: past what memory holds the oldest go to files', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    for (let number = 1; number <= 5; number++) await shots.accept(eventOf(number), imageOf(1500, number))
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(number => shots.placeOf(idOf(number))),
      ['file', 'file', 'memory', 'memory', 'memory'],
    )
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 4500, files: 3000 })
    for (let number = 1; number <= 5; number++) assert.deepEqual(await shots.read(idOf(number)), imageOf(1500, number))
  }))

test('CS5: what has no room in files is deleted, and its event is kept', () =>
  inHouse({ limits: { filesBytesMax: 60_000 } }, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(50_000))
    await shots.accept(eventOf(2), imageOf(50_000))
    assert.deepEqual([shots.placeOf(idOf(1)), shots.placeOf(idOf(2))], ['file', 'deleted'])
    assert.deepEqual(shots.metrics().deleted, { 'no-room': 1 })
    await assert.rejects(shots.read(idOf(2)), /no-room/)
  }))

test('CS5: what comes faster than it is measured is not piled up', () =>
  inHouse({ limits: { waitingBytesMax: 100_000 } }, async house => {
    const shots = await house.open()
    const accepted = [1, 2, 3].map(number => shots.accept(eventOf(number), imageOf(40_000, number)))
    assert.equal(shots.metrics().bytes.waiting, 80_000)
    const events = await Promise.all(accepted)
    assert.equal(JSON.parse(events[2]!.json).size_bytes, 40_000)
    assert.deepEqual(
      house
        .rows()
        .map(row => row.reason)
        .sort(),
      [null, null, 'no-room'].sort(),
    )
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 0, files: 80_000 })
  }))

test('CS5: one that is too large is refused before it is looked at, and named', () =>
  inHouse({ limits: { shotBytesMax: 50 * mebibyte } }, async house => {
    const shots = await house.open()
    await assert.rejects(
      shots.accept(eventOf(1), Buffer.alloc(200 * mebibyte)),
      error =>
        error instanceof ResourceLimitError &&
        error.resource === 'screenshot_max_mb' &&
        /200, max: 50/.test(error.message),
    )
    assert.deepEqual(house.rows(), [])
    assert.deepEqual(shots.metrics().refused, { 'capture.limit-screenshot-size': 1 })
  }))

test('CS9: the same screenshot again is the same; another with its id is refused', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    const first = shots.accept(eventOf(1), imageOf(1000))
    const [a, b] = await Promise.all([first, shots.accept(eventOf(1), imageOf(1000))])
    assert.deepEqual(a, b)
    await assert.rejects(shots.accept(eventOf(1), imageOf(1001)), code('capture.screenshot-id-taken'))
    await shots.analysed([idOf(1)])
    assert.deepEqual(await shots.accept(eventOf(1), imageOf(1000)), a)
    assert.equal(shots.placeOf(idOf(1)), 'deleted')
    assert.equal(shots.metrics().bytes.memory, 0)
  }))

test('CS6: who develops has the last five past their time, and no more', () =>
  inHouse({ devMode: true }, async house => {
    const shots = await house.open()
    for (let number = 1; number <= 7; number++) await shots.accept(eventOf(number), imageOf(3000, number))
    await shots.analysed([idOf(7)])
    await house.clock.pass(120_000)
    await until(() => shots.metrics().live === 5)
    assert.deepEqual(await shots.read(idOf(7)), imageOf(3000, 7))
    assert.equal(house.files.length, 5)
    assert.deepEqual(shots.metrics().deleted, { replaced: 2 })
    house.assertNothingPlain()
    await shots.stop()
    assert.deepEqual(house.files, [])
  }))

test('CS3: stopping destroys what is left', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(50_000))
    const last = shots.accept(eventOf(2), imageOf(50_000))
    await shots.stop()
    await last
    assert.deepEqual(house.files, [])
    assert.deepEqual(house.rows(), Array(2).fill({ state: 'deleted', place: 'deleted', reason: 'stopped' }))
    await assert.rejects(shots.accept(eventOf(3), imageOf(10)), code('capture.screenshots-stopped'))
  }))

test('CS3: what is analysed while it still waits is gone at once', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    const accepted = [1, 2].map(number => shots.accept(eventOf(number), imageOf(50_000, number)))
    await shots.analysed([idOf(1), idOf(2)])
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 0, files: 0 })
    await Promise.all(accepted)
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 0, files: 0 })
    assert.deepEqual(house.files, [])
    assert.deepEqual(house.rows(), Array(2).fill({ state: 'deleted', place: 'deleted', reason: 'analysed' }))
  }))

test('CS3: what is wiped is overwritten in memory', () => {
  const memory = imageOf(1000)
  const shot = new Shot({} as ShotRecord, memory, { wallMs: 0, monotonicMs: 0 })
  assert.equal(shot.wipeMemory(), 1000)
  assert.deepEqual(memory, Buffer.alloc(1000))
  assert.deepEqual([shot.memory, shot.wipeMemory()], [undefined, 0])
})

test('CS3: who is told that a screenshot is gone is told so once its file is, also where that was still being written', async () => {
  const key = new ShotKey(idOf(1), seededRandom(1))
  const writing = Promise.withResolvers<{ path: string; key: ShotKey }>()
  const done: string[] = []
  const keeper = keeperOver({ write: () => writing.promise, remove: async () => void done.push('removed') })
  const record = { id: idOf(1), state: 'captured', place: 'memory', sizeBytes: 1000 } as ShotRecord
  const placed = keeper.place(keeper.admit(record, imageOf(1000), { wallMs: 9, monotonicMs: 9 }), {})
  const answers = [1, 2].map(() => keeper.analysed(idOf(1)).then(() => void done.push('answered')))
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(done, [])
  writing.resolve({ path: 'somewhere', key })
  await Promise.all([placed, ...answers])
  assert.deepEqual(done, ['removed', 'answered', 'answered'])
  assert.throws(() => key.use(), /destroyed/)
  assert.equal(keeper.count, 0)
})

test('CS3: a key is destroyed even where its file cannot be removed, and opens nothing any more', async () => {
  const drawn: Uint8Array[] = []
  const bytes = (length: number): Uint8Array => {
    drawn.push(new Uint8Array(length).fill(7))
    return drawn[0]!
  }
  const key = new ShotKey(idOf(1), { ...seededRandom(1), bytes })
  assert.deepEqual(key.use().secret.export(), Buffer.alloc(32, 7))
  // Nor does what it was drawn into hold it.
  assert.deepEqual(drawn, [new Uint8Array(32)])
  const files = {
    write: async () => ({ path: 'nowhere', key }),
    remove: async () => assert.fail('the disk is gone'),
  }
  const keeper = keeperOver(files)
  const record = { id: idOf(1), state: 'captured', place: 'memory', sizeBytes: 1000 } as ShotRecord
  const shot = keeper.admit(record, imageOf(1000), { wallMs: 9, monotonicMs: 9 })
  await keeper.place(shot, {})
  assert.equal(keeper.placeOf(idOf(1)), 'file')
  await keeper.analysed(idOf(1))
  assert.throws(() => key.use(), /destroyed/)
  assert.equal(keeper.count, 1)
})

test('a screenshot is handed on before its bytes go, and waited for no longer than is said', async () => {
  const taken: string[] = []
  const handOn: HouseOptions['handOn'] = ({ about, image, record }) => {
    taken.push(`${record.id} ${about.appName} ${image.length}`)
    // The second one is never done.
    return taken.length === 2 ? new Promise(() => undefined) : Promise.resolve()
  }
  await inHouse({ handOn }, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(1000))
    await shots.accept(eventOf(2), imageOf(50_000))
    await shots.analysed([idOf(1)])
    const second = shots.analysed([idOf(2)])
    await until(() => taken.length === 2)
    await house.clock.pass(5000)
    await second
    assert.deepEqual(taken, [`${idOf(1)} editor 1000`, `${idOf(2)} editor 50000`])
    assert.deepEqual(house.files, [])
  })
})

test('a file that was changed is damage, and costs that screenshot alone', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(50_000))
    await shots.accept(eventOf(2), imageOf(50_000))
    const path = join(house.directory, `${idOf(1)}.sealed`)
    const bytes = readFileSync(path)
    bytes[bytes.length - 5]! ^= 1
    writeFileSync(path, bytes)
    await assert.rejects(
      shots.read(idOf(1)),
      error => error instanceof ScreenshotError && error.code === 'capture.screenshot-damaged',
    )
    assert.equal((await shots.read(idOf(2))).length, 50_000)
  }))

test('the journal waits for a locked database; the bytes do not', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(50_000))
    const other = new (await import('node:sqlite')).DatabaseSync(house.database.path)
    other.exec('BEGIN IMMEDIATE')
    await shots.analysed([idOf(1)])
    await shots.accept(eventOf(2), imageOf(50_000))
    assert.deepEqual(house.files, [`${idOf(2)}.sealed`])
    assert.equal(shots.health().status, 'warn')
    assert.match(shots.health().reason, /2 lines of the journal wait/)
    other.exec('ROLLBACK')
    other.close()
    await house.clock.pass(1000)
    assert.equal(shots.health().status, 'pass')
    assert.deepEqual(
      house
        .rows()
        .map(row => row.state)
        .sort(),
      ['deleted', 'stored'],
    )
  }))

test('metrics for Prometheus', () =>
  inHouse({}, async house => {
    const shots = await house.open()
    await shots.accept(eventOf(1), imageOf(1000))
    await shots.accept(eventOf(2), imageOf(50_000))
    await shots.analysed([idOf(1)])
    const text = await house.registry.metrics()
    assert.match(text, /^chronicle_capture_screenshots_total\{outcome="kept"\} 2$/m)
    assert.match(text, /^chronicle_capture_screenshots_deleted_total\{reason="analysed"\} 1$/m)
    assert.match(text, /^chronicle_capture_screenshot_bytes\{place="files"\} 50000$/m)
  }))
