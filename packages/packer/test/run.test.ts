import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import { checksum } from '@chronicle/vault'
import { event, eventStream, frameStream } from './intake-support.ts'
import { archivedRows, bench, MemorySource, pack, plainOf, withArchive } from './run-support.ts'

const secondNs = 1_000_000_000n
const dayNs = 86_400n * secondNs
const midnight = BigInt(Date.UTC(2026, 10, 21)) * 1_000_000n

function streams(count: number, rowsEach: number, more: (at: number) => object = () => ({})): Uint8Array[] {
  return Array.from({ length: count }, (_, stream) =>
    eventStream(
      Array.from({ length: rowsEach }, (_, row) => event(stream * rowsEach + row, more(stream * rowsEach + row))),
    ),
  )
}

for (const settings of [
  {},
  { encryptionEnabled: false },
  { parquetEncryption: 'modular' as const },
  { checksumAlgorithm: 'sha256' as const, parquetCodec: 'ZSTD' as const },
]) {
  test(`what went in is in the files, to the row, with ${JSON.stringify(settings)}`, async () => {
    const b = await bench(settings)
    const source = new MemorySource(streams(7, 300))
    const report = await pack(b, source)
    assert.deepEqual(
      [report.eventsProcessed, report.eventsFailed, report.duplicates, report.filesCreated, report.ended],
      [2100, 0, 0, 1, 'drained'],
    )
    assert.equal(source.released, source.end)
    const rows = await archivedRows(b)
    assert.deepEqual(
      rows.map(({ row }) => row),
      Array.from({ length: 2100 }, (_, at) => event(at)),
    )
    const [file] = await withArchive(b, async archive => archive.manifest.files)
    const bytes = readFileSync(join(b.base, file!.path))
    const sum = checksum(file!.algorithm)
    sum.update(bytes)
    assert.deepEqual([file!.bytes, file!.checksum, file!.rows], [bytes.length, sum.digest().toString('hex'), 2100])
    assert.deepEqual(
      [file!.firstTimestampNs, file!.lastTimestampNs],
      [`${event(0).timestamp_ns}`, `${event(2099).timestamp_ns}`],
    )
    assert.deepEqual(file!.source, { id: 'memory-1', from: 0, to: source.end })
    assert.equal(file!.keyId === undefined, 'encryptionEnabled' in settings)
    assert.deepEqual(readdirSync(join(b.base, 'temp')), [])
  })
}

for (const parquetEncryption of ['sealed', 'modular'] as const) {
  test(`the thread of its own writes the same rows, ${parquetEncryption}`, async () => {
    const b = await bench({ parquetEncryption })
    const source = new MemorySource(streams(7, 300))
    await pack(b, source, { files: undefined })
    assert.deepEqual(
      (await archivedRows(b)).map(({ row }) => row),
      Array.from({ length: 2100 }, (_, at) => event(at)),
    )
  })
}

test('files and directories are for their owner alone', async () => {
  const b = await bench()
  await pack(b, new MemorySource(streams(1, 10)))
  for (const entry of readdirSync(b.base, { recursive: true, withFileTypes: true })) {
    const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777
    assert.equal(mode, entry.isDirectory() ? 0o700 : 0o600, entry.name)
  }
})

test('PA5: an event that comes again is kept once: in its record, in its run, and in a later run', async () => {
  const b = await bench()
  const source = new MemorySource([eventStream([event(1), event(2), event(1)]), eventStream([event(2), event(3)])])
  const first = await pack(b, source)
  assert.deepEqual([first.eventsProcessed, first.duplicates], [3, 2])
  source.push(eventStream([event(3), event(4), event(1)]))
  const second = await pack(b, source)
  assert.deepEqual([second.eventsProcessed, second.duplicates], [1, 2])
  assert.deepEqual(
    (await archivedRows(b)).map(({ row }) => row),
    [event(1), event(2), event(3), event(4)],
  )
})

test('PA5: an event with the same id on another day that is open is a duplicate', async () => {
  const b = await bench()
  const rows = [event(1, { timestamp_ns: midnight - 1n }), event(1, { timestamp_ns: midnight })]
  const report = await pack(b, new MemorySource([eventStream(rows)]))
  assert.deepEqual([report.eventsProcessed, report.duplicates], [1, 1])
})

test('PA1: each day has its files, whatever the order of the events and however many days there are', async () => {
  const b = await bench({ timezone: 'America/New_York' })
  const rows = Array.from({ length: 600 }, (_, at) => {
    return event(at, { timestamp_ns: midnight + BigInt((at * 7) % 9) * dayNs + BigInt(at) })
  })
  const source = new MemorySource([eventStream(rows.slice(0, 300)), eventStream(rows.slice(300)), eventStream(rows)])
  const report = await pack(b, source)
  assert.deepEqual([report.eventsProcessed, report.duplicates], [600, 600])
  const found = await archivedRows(b)
  for (const { path, row } of found) {
    const ms = Number((row.timestamp_ns as bigint) / 1_000_000n)
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(ms)
    assert.match(
      path,
      new RegExp(`^parquet/${day.replaceAll('-', '/')}/events_${day.replaceAll('-', '')}_\\d{6}\\.parquet$`),
    )
  }
  const order = (list: { event_id: unknown }[]) => list.map(row => row.event_id).sort()
  assert.deepEqual(order(found.map(({ row }) => row as never)), order(rows))
})

test('what is out of order within a session is kept where it came, and counted', async () => {
  const b = await bench()
  const rows = [3, 1, 2, 5].map(at => event(at, { session_id: 's' }))
  const other = event(0, { session_id: 't' })
  const report = await pack(b, new MemorySource([eventStream([...rows, other])]))
  assert.equal(report.outOfOrder, 2)
  assert.deepEqual(
    (await archivedRows(b)).map(({ row }) => row),
    [...rows, other],
  )
})

test('PA6: what is refused is in a quarantine file, sealed, with its reason and its bytes', async () => {
  const b = await bench()
  const torn = Buffer.from('no arrow')
  const source = new MemorySource([eventStream([event(1), event(2, { data: '{' }), event(3)]), torn])
  const report = await pack(b, source)
  assert.deepEqual([report.eventsProcessed, report.eventsFailed, report.filesCreated], [2, 2, 2])
  const file = (await withArchive(b, async archive => archive.manifest.files)).find(
    ({ kind }) => kind === 'quarantine',
  )!
  assert.equal(file.rows, 2)
  const lines = `${await plainOf(b, file)}`
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ reason, position, row, source }) => [reason, position, row, source]),
    [
      ['not-json', 0, 1, 'memory-1'],
      ['torn-record', 8, undefined, 'memory-1'],
    ],
  )
  assert.equal(JSON.parse(`${Buffer.from(lines[0].content, 'base64')}`).data, '{')
  assert.deepEqual(Buffer.from(lines[1].content, 'base64'), torn)
  assert.notEqual(readFileSync(join(b.base, file.path)).subarray(0, 1).toString(), '{')
})

test('a file rolls over before it outgrows its size', async () => {
  const b = await bench({ maxFileBytes: 1 << 20, rowGroupRows: 1000 })
  const source = new MemorySource(
    streams(10, 2000, at => ({ data: JSON.stringify({ noise: systemRandom.bytes(150 + (at % 3)).toString() }) })),
  )
  const report = await pack(b, source)
  assert.equal(report.eventsProcessed, 20_000)
  const files = await withArchive(b, async archive => archive.manifest.files)
  assert.ok(files.length > 3)
  for (const file of files) assert.ok(file.bytes <= 1 << 20, `${file.bytes}`)
  assert.ok(files.slice(0, -1).every(file => file.bytes > 1 << 17))
  assert.equal((await archivedRows(b)).length, 20_000)
})

test('frames are files of their own, numbered within their second', async () => {
  const b = await bench()
  const frame = (at: number) => ({
    timestamp_ns: midnight + BigInt(at),
    session_id: 's',
    event_id: `${at}`,
    format: 'png',
    image: Buffer.from(`picture ${at}`),
    metadata: '{}',
  })
  const report = await pack(b, new MemorySource([{ frames: frameStream([frame(0), frame(1), frame(1)]) }]))
  assert.deepEqual([report.frames, report.duplicates], [2, 1])
  const files = await withArchive(b, async archive => archive.manifest.files)
  assert.deepEqual(
    files.map(file => file.path),
    [0, 1].map(n => `heif/2026/11/21/frame_20261121_000000_00000${n}.heif`),
  )
  assert.equal(`${await plainOf(b, files[1]!)}`, 'picture 1')
})

test('a run that is told to stop, or whose time is up, ends at a file boundary and says so', async () => {
  const b = await bench()
  const source = new MemorySource(streams(9, 10))
  const stop = new AbortController()
  const read = source.read.bind(source)
  source.read = async () => {
    stop.abort()
    return read()
  }
  const report = await pack(b, source, { signal: stop.signal })
  assert.deepEqual([report.ended, report.eventsProcessed, source.released], ['stopped', 30, 24])
  const late = await bench({ maxProcessingMs: 0 })
  assert.equal((await pack(late, source)).ended, 'time-limit')
})

test('PA2: a source that was not released goes on where the manifest says', async () => {
  const b = await bench()
  const source = new MemorySource(streams(4, 10))
  source.release = () => Promise.reject(new Error('the process ended'))
  await assert.rejects(pack(b, source))
  source.reopen()
  source.release = MemorySource.prototype.release
  const report = await pack(b, source)
  assert.deepEqual([report.eventsProcessed, report.duplicates, source.released], [0, 0, source.end])
  assert.equal((await archivedRows(b)).length, 40)
})

test('PA2: a source that fails at a place has all before it packed, and what is behind it once the place is passed', async () => {
  const b = await bench()
  const source = new MemorySource(streams(5, 10), 1)
  const read = source.read.bind(source)
  let isBroken = true
  source.read = async () => {
    if (isBroken && source.backlogBytes() === 16) throw new Error('nothing can be read at 24')
    return read()
  }
  for (const _ of [1, 2]) {
    await assert.rejects(pack(b, source), /nothing can be read at 24/)
    assert.equal((await archivedRows(b)).length, 30)
    source.reopen()
  }
  isBroken = false
  await pack(b, source)
  assert.deepEqual(
    (await archivedRows(b)).map(({ row }) => row.event_id),
    Array.from({ length: 50 }, (_, at) => event(at).event_id),
  )
})
