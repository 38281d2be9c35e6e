/**
 * From the ring to other tools, by the commands that users have: a recorder writes, `chronicle-packer process` packs and seals, `chronicle archive export` opens, and
 * PyArrow, DuckDB, polars and libheif read what was written, with every option in effect.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createRing, openRingWriter } from '@chronicle/packer'
import { runChronicle } from '@chronicle/testing'
import { Binary, Int32, Int64, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow'
import { missingLibheif, pillow, rgbaPicture } from './heif.ts'
import { type FileDescription, parquetReaders, type Result, type Row, readers } from './parquet.ts'
import { run } from './toolchain.ts'

const directory = mkdtempSync(join(tmpdir(), 'chronicle-archive-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const rowsOfDay = 900
const rowGroupRows = 400
const days = ['2026-11-20', '2026-11-21']
const bloomColumns = ['app_bundle_id', 'window_title', 'session_id']

type Event = Record<string, string | null>

const events: Event[] = days.flatMap((day, dayAt) =>
  Array.from({ length: rowsOfDay }, (_, at) => ({
    timestamp_ns: `${BigInt(Date.parse(day)) * 1_000_000n + BigInt(at) * 1_234_567n}`,
    event_type: ['key', 'mouse', 'window'][at % 3]!,
    app_bundle_id: at % 4 === 0 ? null : `com.example.app${at % 7}`,
    window_title: at % 5 === 0 ? null : `Fenster ${at % 90} – Übersicht`,
    data: JSON.stringify({ at, text: 'ä'.repeat(at % 50), x: at / 3 }),
    session_id: `session-${dayAt}-${at % 2}`,
    event_id: `${day}-${at}`,
  })),
)

const text = (values: readonly (string | null)[]) => vectorFromArray(values, new Utf8())
const times = (values: readonly (string | null)[]) =>
  vectorFromArray(
    values.map(value => BigInt(value!)),
    new Int64(),
  )

function eventRecord(rows: readonly Event[]): Uint8Array {
  const { timestamp_ns: first, ...texts } = Object.fromEntries(
    Object.keys(rows[0]!).map(name => [name, rows.map(row => row[name]!)]),
  )
  const columns = Object.entries(texts).map(([name, values]) => [name, text(values)] as const)
  return tableToIPC(new Table({ timestamp_ns: times(first!), ...Object.fromEntries(columns) }), 'stream')
}

const picture = { width: 642, height: 401 }

function frameRecord(): Uint8Array {
  const whole = (value: number) => vectorFromArray([value], new Int32())
  const pixels = rgbaPicture(picture.width, picture.height, () => 255)
  return tableToIPC(
    new Table({
      timestamp_ns: times([events[0]!.timestamp_ns!]),
      session_id: text(['session-0-0']),
      event_id: text(['frame']),
      format: text(['rgba']),
      image: vectorFromArray([pixels], new Binary()),
      metadata: text(['{"display":1}']),
      ...{ width: whole(picture.width), height: whole(picture.height), stride: whole(picture.width * 4) },
    }),
    'stream',
  )
}

/** Packs events and a frame with these settings and exports the archive; the directory with what is open. */
async function exported(name: string, settings: Record<string, unknown>): Promise<string> {
  const home = mkdtempSync(join(directory, `${name}-`))
  const [base, ring, config, output] = ['archive', 'ring', 'packer.toml', 'open'].map(part => join(home, part)) as [
    string,
    string,
    string,
    string,
  ]
  const all = {
    'storage.base_path': base,
    'storage.retention_days': 0,
    'storage.parquet.row_group_size': rowGroupRows,
    'storage.parquet.bloom_filter.columns': bloomColumns,
    'encryption.key_source': 'file',
    'encryption.key_file': join(home, 'key'),
    'ring_buffer.path': ring,
    'logging.file_path': join(home, 'log'),
    ...settings,
  }
  writeFileSync(
    config,
    Object.entries(all)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      .join(''),
  )
  await createRing({ path: ring, capacityBytes: 4 * 1024 * 1024 })
  const writer = await openRingWriter({ path: ring })
  for (let at = 0; at < events.length; at += 250)
    await writer.write('events', eventRecord(events.slice(at, at + 250)), 0)
  await writer.write('frames', frameRecord(), 0)
  writer.close()
  for (const command of [
    ['packer', '--config', config, 'process'],
    ['archive', 'export', '--config', config, '--output', output],
  ]) {
    const { code, stdout, stderr } = await runChronicle(command)
    assert.equal(code, 0, stdout + stderr)
  }
  return output
}

function filesOf(output: string, ending: string): string[] {
  return readdirSync(output, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .sort()
    .map(name => join(output, name))
}

function resultOf<T>(result: Result | undefined): T {
  assert.equal(result?.error, undefined)
  return result!.result as T
}

const { missing, work } = parquetReaders()
const options = { skip: missing ?? false }

/** What each codec is called in a file. */
const codecs = { NONE: 'UNCOMPRESSED', SNAPPY: 'SNAPPY', GZIP: 'GZIP', LZ4: 'LZ4', ZSTD: 'ZSTD' } as const

test(
  'files of an archive, opened, hold every row for every reader, whatever the codec, and say so of their options',
  options,
  async () => {
    const archives: string[][] = []
    for (const codec of Object.keys(codecs)) {
      archives.push(filesOf(await exported(codec, { 'storage.parquet.compression': codec }), '.parquet'))
    }
    const reads = archives.flatMap(paths => readers.map(reader => ({ reader, paths })))
    const reading = reads.flatMap(({ reader, paths }) => paths.map(path => ({ do: 'read' as const, reader, path })))
    const results = work([...reading, ...archives.flat().map(path => ({ do: 'describe' as const, path }))])
    for (const { reader, paths } of reads) {
      assert.equal(paths.length, days.length)
      const rows = results.splice(0, paths.length).flatMap(result => resultOf<Row[]>(result))
      assert.deepEqual(rows, events, `${reader}: ${paths}`)
    }
    for (const called of Object.values(codecs)) {
      for (const result of results.splice(0, days.length)) checkOptions(resultOf<FileDescription>(result), called)
    }
  },
)

function checkOptions({ createdBy, rowGroups }: FileDescription, codec: string): void {
  assert.match(createdBy, /^chronicle version /)
  assert.deepEqual(
    rowGroups.map(({ rows }) => rows),
    [rowGroupRows, rowGroupRows, rowsOfDay - 2 * rowGroupRows],
  )
  for (const { sortedBy, columns } of rowGroups) {
    assert.deepEqual(sortedBy, [[0, false]])
    const named = (is: (column: (typeof columns)[number]) => boolean) => columns.filter(is).map(({ name }) => name)
    assert.deepEqual(new Set(columns.map(column => column.codec)), new Set([codec]))
    assert.ok(columns.every(({ bounds, columnIndex, offsetIndex }) => bounds && columnIndex && offsetIndex))
    assert.deepEqual(
      named(column => column.bloomFilter),
      bloomColumns,
    )
    const repeated = ['event_type', 'app_bundle_id', 'window_title', 'session_id']
    assert.deepEqual(
      named(column => column.dictionary),
      repeated,
    )
  }
}

test('DuckDB finds what there is in the bloom filters of an archive, and hardly anything else', options, async () => {
  const [path] = filesOf(await exported('bloom', { 'storage.parquet.bloom_filter.fpp': 0.01 }), '.parquet')
  const present = [...new Set(events.map(event => event.window_title).filter(title => title !== null))] as string[]
  const absent = present.map(title => `${title}?`)
  const column = 'window_title'
  const [found, mistaken] = work([present, absent].map(values => ({ do: 'probe', path: path!, column, values })))
  assert.ok(resultOf<boolean[]>(found).every(Boolean))
  // Three row groups, each with a filter of one in a hundred.
  assert.ok(resultOf<boolean[]>(mistaken).filter(Boolean).length < absent.length * 0.1)
})

test('options that are off are off in the file', options, async () => {
  const off = {
    'storage.parquet.dictionary_encoding': false,
    'storage.parquet.statistics': false,
    'storage.parquet.bloom_filter.enabled': false,
    'encryption.parquet': 'modular',
  }
  const paths = filesOf(await exported('off', off), '.parquet')
  const [read, described] = work([
    { do: 'read', reader: 'PyArrow', path: paths[0]! },
    { do: 'describe', path: paths[0]! },
  ])
  assert.deepEqual(resultOf(read), events.slice(0, rowsOfDay))
  for (const { columns } of resultOf<FileDescription>(described).rowGroups) {
    for (const { dictionary, bounds, bloomFilter } of columns) {
      assert.deepEqual([dictionary, bounds, bloomFilter], [false, null, false])
    }
  }
})

const noLibheif = missingLibheif()
const { missing: noPillow, open } = pillow()

test('a frame of an archive, opened, is a picture to libheif and to libavif', {
  skip: noLibheif && noPillow,
}, async t => {
  const [path] = filesOf(await exported('frame', {}), '.heif')
  assert.ok(path && readFileSync(path).length > 0)
  const size = `${picture.width}x${picture.height}`
  if (noLibheif) t.diagnostic(noLibheif)
  else assert.match(run('heif-info', [path]), new RegExp(`image: ${size} .*primary\\n +thumbnail: 320x\\d+\\n`))
  if (noPillow) t.diagnostic(noPillow)
  else assert.deepEqual(open(path).size, [picture.width, picture.height])
})
