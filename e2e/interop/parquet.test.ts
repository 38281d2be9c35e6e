/** What the packer writes as Parquet, PyArrow, DuckDB and polars read to the row, the encrypted form too: PyArrow with the key, all of them once it is opened. PP10: so it is with what PyArrow encrypts. */
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { seededRandom, systemRandom } from '@chronicle/base'
import {
  type ColumnSpec,
  decryptParquet,
  type ParquetDecryption,
  type ParquetOptions,
  type ParquetType,
} from '@chronicle/packer'
import { type FileDescription, parquetReaders, type Result, type Row, readers, type Task } from './parquet.ts'
import { type Column, type Value, writeFile } from './parquet-table.ts'

const codecs = ['NONE', 'SNAPPY', 'GZIP', 'LZ4', 'ZSTD'] as const
type Codec = (typeof codecs)[number]

const rows = 3000
const rowGroupRows = 1000
const random = seededRandom(4711)
const list = (value: (n: number) => Value): Value[] => Array.from({ length: rows }, (_, n) => value(n))
const orNull = (value: Value) => (random.int(8) === 0 ? null : value)

const time = list(n => 1_763_700_000_000_000_000n + BigInt(n) * 1_234_567n)
const kind = list(() => orNull(['key', 'mouse', 'window'][random.int(3)]!))
const title = list(() => {
  const number = random.int(700)
  return orNull(`Fenster ${number} – ${'ä'.repeat(number % 60)}`)
})
const data = list(n => JSON.stringify({ n, text: random.uuid() }))
const count = list(() => orNull(random.int(2 ** 32) - 2 ** 31))
const share = list(() => orNull([0.1, -0, Number.POSITIVE_INFINITY, 1e300, random.int(1000) / 7][random.int(5)]!))
const flag = list(() => orNull(random.int(2) === 1))
const raw = list(() => orNull(random.bytes(random.int(20))))
const nothing = list(() => null)

function spec(name: string, type: ParquetType, more: Partial<ColumnSpec>): ColumnSpec {
  return { name, type, nullable: false, codec: 'NONE', dictionary: true, statistics: true, ...more }
}

function columnsFor(codec: Codec, dictionary: boolean): Column[] {
  const nullable = { nullable: true, dictionary, codec }
  return [
    { spec: spec('time', 'int64', { codec, dictionary, meaning: 'timestamp_ns' }), values: time },
    { spec: spec('kind', 'string', { ...nullable, bloomFpp: 0.1 }), values: kind },
    { spec: spec('title', 'string', { ...nullable, bloomFpp: 0.01 }), values: title },
    { spec: spec('data', 'string', { codec, dictionary, meaning: 'json' }), values: data },
    { spec: spec('count', 'int32', nullable), values: count },
    { spec: spec('share', 'double', nullable), values: share },
    { spec: spec('flag', 'boolean', nullable), values: flag },
    { spec: spec('raw', 'binary', { ...nullable, statistics: false }), values: raw },
    { spec: spec('nothing', 'string', { ...nullable, bloomFpp: 0.1 }), values: nothing },
  ]
}

const settings: Omit<ParquetOptions, 'columns'> = {
  rowGroupRows,
  pageBytes: 2048,
  keyValues: { source: 'ring' },
  sortedBy: ['time'],
}

const expected: Row[] = Array.from({ length: rows }, (_, n) => {
  const columns = { time, kind, title, data, count, share, flag, raw, nothing }
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, textOf(name, values[n]!)]))
})

function textOf(name: string, value: Value): string | boolean | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (name !== 'share') return String(value)
  const bits = Buffer.alloc(8)
  bits.writeDoubleBE(value as number)
  return bits.toString('hex')
}

const { missing, work } = parquetReaders()
const skip = missing ?? false
const directory = mkdtempSync(join(tmpdir(), 'chronicle-parquet-'))
after(() => rmSync(directory, { recursive: true, force: true }))

function save(name: string, bytes: Buffer): string {
  const path = join(directory, `${name}.parquet`)
  writeFileSync(path, bytes)
  return path
}

function resultOf<T>(result: Result | undefined): T {
  assert.equal(result?.error, undefined)
  return result!.result as T
}

/** Every reader reads all rows of each file. */
function assertAllRead(paths: readonly string[]): void {
  const tasks = paths.flatMap(path => readers.map(reader => ({ do: 'read', reader, path }) as const))
  const results = work(tasks)
  for (const [at, task] of tasks.entries()) assert.deepEqual(resultOf(results[at]), expected, JSON.stringify(task))
}

function decrypt(file: Buffer, decryption: ParquetDecryption): Buffer {
  const source = { size: file.length, read: (at: number, length: number) => file.subarray(at, at + length) }
  return Buffer.concat([...decryptParquet(source, decryption)])
}

for (const codec of codecs) {
  test(`PyArrow, DuckDB and polars read the rows that were written: ${codec}, with dictionaries and PLAIN`, {
    skip,
  }, () => {
    const paths = [true, false].map(dictionary =>
      save(`${codec}-${dictionary}`, writeFile(columnsFor(codec, dictionary), settings)),
    )
    assertAllRead(paths)
  })
}

test('a filter gives the rows that it should: bounds, indexes and bloom filters hide none', { skip }, () => {
  const path = save('filtered', writeFile(columnsFor('SNAPPY', true), settings))
  const titles = [...new Set(title)].filter(value => value !== null).slice(0, 12) as string[]
  const wanted = [...titles, 'Fenster 700', 'nowhere']
  const tasks: Task[] = readers.flatMap(reader =>
    wanted.map(value => ({ do: 'read' as const, reader, path, filter: [['title', '=', value] as const] })),
  )
  const results = work(tasks)
  for (const [at, task] of tasks.entries()) {
    const value = wanted[at % wanted.length]
    const rowsWanted = expected.filter(row => row.title === value)
    assert.deepEqual(resultOf(results[at]), rowsWanted, JSON.stringify(task))
  }
})

test('DuckDB finds every value in the bloom filters, and few others', { skip }, () => {
  const path = save('bloom', writeFile(columnsFor('SNAPPY', true), settings))
  const present = [...new Set(title)].filter(value => value !== null).slice(0, 150) as string[]
  const absent = Array.from({ length: 150 }, (_, n) => `elsewhere ${n}`)
  const tasks: Task[] = [present, absent].map(values => ({ do: 'probe', path, column: 'title', values }))
  const [found, mistaken] = work(tasks).map(result => resultOf<boolean[]>(result))
  assert.equal(found!.filter(Boolean).length, present.length)
  // Three row groups, each with a filter of one in a hundred.
  assert.ok(mistaken!.filter(Boolean).length < absent.length * 0.1)
})

test("PyArrow's view of the metadata is that of the options", { skip }, () => {
  const path = save('described', writeFile(columnsFor('ZSTD', true), settings))
  const { createdBy, keyValues, rowGroups } = resultOf<FileDescription>(work([{ do: 'describe', path }])[0])
  assert.match(createdBy, /^chronicle version /)
  assert.equal(keyValues.source, 'ring')
  assert.equal(rowGroups.length, 3)
  for (const [group, { rows, sortedBy, columns }] of rowGroups.entries()) {
    assert.equal(rows, rowGroupRows)
    assert.deepEqual(sortedBy, [[0, false]])
    const facts = (name: string) => columns.find(column => column.name === name)!
    for (const column of columns) {
      assert.equal(column.codec, 'ZSTD')
      assert.equal(column.offsetIndex, true)
      assert.equal(column.columnIndex, column.name !== 'raw')
    }
    const times = time.slice(group * rowGroupRows, (group + 1) * rowGroupRows)
    assert.deepEqual(facts('time').bounds, [String(times[0]), String(times.at(-1))])
    assert.deepEqual(
      facts('kind').bounds,
      ['key', 'window'].map(word => Buffer.from(word).toString('hex')),
    )
    const nulls = kind.slice(group * rowGroupRows, (group + 1) * rowGroupRows).filter(value => value === null)
    assert.equal(facts('kind').nulls, nulls.length)
    assert.deepEqual(facts('title').encodings, ['PLAIN', 'RLE', 'RLE_DICTIONARY'])
    assert.deepEqual([facts('kind').dictionary, facts('data').dictionary], [true, false])
    assert.deepEqual(
      columns.filter(column => column.bloomFilter).map(column => column.name),
      ['kind', 'title', 'nothing'],
    )
    assert.deepEqual([facts('raw').bounds, facts('nothing').bounds, facts('nothing').nulls], [null, null, rowGroupRows])
  }
})

test('PyArrow opens the encrypted form with the key, and with one that it finds by the key metadata', { skip }, () => {
  for (const keyBytes of [16, 24, 32]) {
    const secret = randomBytes(keyBytes)
    const keyMaterial = {
      keyMaterialType: 'PKMT1',
      internalStorage: true,
      isFooterKey: true,
      kmsInstanceID: 'DEFAULT',
      kmsInstanceURL: 'DEFAULT',
      masterKeyID: 'archive',
      wrappedDEK: secret.toString('base64'),
      doubleWrapping: false,
    }
    const encryption = {
      key: createSecretKey(secret),
      keyMetadata: Buffer.from(JSON.stringify(keyMaterial)),
      aadFileUnique: systemRandom.bytes(8),
      random: systemRandom,
    }
    const file = writeFile(columnsFor('SNAPPY', true), { ...settings, encryption })
    const path = save(`encrypted-${keyBytes}`, file)
    const changed = Buffer.from(file)
    changed[Math.floor(file.length / 3)]! ^= 1
    const base = { do: 'read', reader: 'PyArrow' } as const
    const [byKey, byMetadata, wrongKey, noKey, damaged] = work([
      { ...base, path, key: secret.toString('hex') },
      { ...base, path, masterKey: true },
      { ...base, path, key: randomBytes(keyBytes).toString('hex') },
      { ...base, path },
      { ...base, path: save(`damaged-${keyBytes}`, changed), key: secret.toString('hex') },
    ])
    assert.deepEqual(resultOf(byKey), expected)
    assert.deepEqual(resultOf(byMetadata), expected)
    for (const refused of [wrongKey, noKey, damaged]) assert.notEqual(refused!.error, undefined)
  }
})

test('of what was encrypted here come plain files that all readers read', { skip }, () => {
  const paths = codecs.map(codec => {
    const key = createSecretKey(randomBytes(32))
    const unique = { aadFileUnique: systemRandom.bytes(8), random: systemRandom }
    const encryption = { key, keyMetadata: Buffer.from('key'), ...unique }
    const file = writeFile(columnsFor(codec, true), { ...settings, encryption })
    return save(`decrypted-${codec}`, decrypt(file, { keyOf: () => key }))
  })
  assertAllRead(paths)
})

test('of what PyArrow encrypted come plain files that all readers read', { skip }, () => {
  const path = save('to-encrypt', writeFile(columnsFor('SNAPPY', true), settings))
  const prefixes: readonly { prefix?: string; storesPrefix?: boolean }[] = [
    {},
    { prefix: 'table 1', storesPrefix: true },
    { prefix: 'table 1', storesPrefix: false },
  ]
  const writes = ([16, 24, 32] as const).flatMap((keyBytes, at) =>
    (['1.0', '2.0'] as const).map((pages, more) => {
      const to = join(directory, `by-pyarrow-${keyBytes}-${pages}.parquet`)
      const key = randomBytes(keyBytes).toString('hex')
      return { do: 'write' as const, path, to, key, pages, ...prefixes[(at + more) % prefixes.length] }
    }),
  )
  for (const result of work(writes)) assert.equal(result.error, undefined)
  const paths = writes.map(({ to, key, prefix, storesPrefix }, at) => {
    const keyOf = () => createSecretKey(Buffer.from(key, 'hex'))
    const aadPrefix = prefix === undefined || storesPrefix ? undefined : Buffer.from(prefix)
    return save(`opened-${at}`, decrypt(readFileSync(to), { keyOf, aadPrefix }))
  })
  assertAllRead(paths)
})

test('a file without rows is read as one', { skip }, () => {
  const none = columnsFor('SNAPPY', true).map(({ spec }) => ({ spec, values: [] }))
  const path = save('empty', writeFile(none, settings))
  const results = work(readers.map(reader => ({ do: 'read', reader, path })))
  assert.deepEqual(results.map(resultOf), [[], [], []])
})
