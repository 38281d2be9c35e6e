import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { vaultErrors } from '@chronicle/vault'
import type { ArchivedFile } from '../src/archive/contract.ts'
import { nodeDisk } from '../src/archive/disk.ts'
import { openArchiveReader } from '../src/archive/reader.ts'
import type { ArchiveReader } from '../src/archive/reader-contract.ts'
import { plainPieces } from '../src/archive/reader-plain.ts'
import { packerErrors } from '../src/errors.ts'
import { encoded, frameOf, picture, png } from './frames-support.ts'
import { event, eventStream, frameStream } from './intake-support.ts'
import { readRows } from './parquet-support.ts'
import { type Bench, bench, MemorySource, pack, testKeys, withArchive } from './run-support.ts'
import { temporaryBase } from './temporary-base.ts'

const day = (days: number) => BigInt(Date.UTC(2026, 0, days, 12)) * 1_000_000n

const encryptions = [{}, { parquetEncryption: 'modular' }, { encryptionEnabled: false }] as const

/** Three days of events, two refused ones and a frame. */
async function filled(more: Parameters<typeof bench>[0] = {}): Promise<Bench> {
  const b = await bench(more)
  const rows = [1, 2, 3].flatMap(days =>
    Array.from({ length: 50 }, (_, at) => event(days * 100 + at, { timestamp_ns: day(days) + BigInt(at) })),
  )
  const bad = [event(901, { data: '{' }), event(902, { data: 'x' })]
  const image = (await encoded(frameOf('png', await png(picture(40, 30))))).bytes
  const frame = { timestamp_ns: day(2), session_id: 's', event_id: 'f', format: 'heif', image, metadata: '{}' }
  await pack(b, new MemorySource([eventStream(rows), eventStream(bad), { frames: frameStream([frame]) }]), {
    encodeFrame: async ({ image }) => ({ bytes: image, width: 40, height: 30, format: 'heif' }),
  })
  return b
}

function readerOf({ base, keys }: Bench, more: object = {}): Promise<ArchiveReader> {
  return openArchiveReader({ basePath: base, keys, ...more })
}

async function bytesOf(reader: ArchiveReader, file: ArchivedFile): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of reader.plain(file)) pieces.push(piece)
  return Buffer.concat(pieces)
}

function replaceByDirectory(path: string): void {
  rmSync(path)
  mkdirSync(path)
}

function coded(code: string) {
  return (error: unknown) => {
    if ((packerErrors.is(error) || vaultErrors.is(error)) && error.code === code) return true
    throw error
  }
}

test('what was packed is read, whole, by kind and by time, however it is encrypted', async () => {
  for (const settings of encryptions) {
    const b = await filled(settings)
    const reader = await readerOf(b)
    const kinds = reader.files.map(file => file.kind).sort()
    assert.deepEqual(kinds, ['heif', 'parquet', 'parquet', 'parquet', 'quarantine'])
    for (const file of reader.files) await reader.verify(file)
    const ids: unknown[] = []
    for (const file of reader.select({ kinds: ['parquet'], from: day(2), to: day(3) })) {
      for (const row of await readRows(await bytesOf(reader, file))) ids.push(row.event_id)
    }
    assert.equal(ids.length, 50)
    const [refusals] = reader.select({ kinds: ['quarantine'] })
    const lines = (await bytesOf(reader, refusals!)).toString().trimEnd().split('\n')
    assert.equal(lines.length, 2)
    const paths = reader.select({ paths: [refusals!.path, 'parquet/none'] }).map(file => file.path)
    assert.deepEqual(paths, [refusals!.path])
    assert.equal(reader.select({ from: day(2) + 49n, to: day(2) + 50n, kinds: ['parquet'] }).length, 1)
    assert.equal(reader.select({ from: day(2) + 50n, to: day(3), kinds: ['parquet'] }).length, 0)
    assert.deepEqual(await reader.strays(), [])
  }
})

test('PA10: reading takes no lock, writes nothing, and goes on beside a packer', async () => {
  const b = await filled()
  await withArchive(b, async () => {
    const list = () => readdirSync(b.base, { recursive: true }).sort()
    const before = list()
    const reader = await readerOf(b)
    for (const file of reader.files) await reader.verify(file)
    await reader.strays()
    assert.deepEqual(list(), before)
  })
  const copy = temporaryBase()
  cpSync(b.base, copy, { recursive: true })
  const writing = ['create', 'write', 'sync', 'rename', 'remove', 'makeDirectory', 'syncDirectory']
  const refuse = Object.fromEntries(writing.map(name => [name, () => assert.fail(`${name} on a copy`)]))
  const reader = await openArchiveReader({ basePath: copy, keys: b.keys, disk: { ...nodeDisk, ...refuse } })
  for (const file of reader.files) await reader.verify(file)
  await reader.strays()
})

test('PA9: a byte that is another one anywhere in a file is found before its last piece is out', async () => {
  for (const settings of encryptions) {
    const b = await filled(settings)
    const reader = await readerOf(b)
    for (const file of reader.files) {
      const path = join(b.base, file.path)
      const good = readFileSync(path)
      const whole = await bytesOf(reader, file)
      const step = Math.ceil(good.length / 20)
      for (let at = 0; at < good.length; at += at < 130 ? 10 : step) {
        const bad = Buffer.from(good)
        bad[at] = bad[at]! ^ 1
        writeFileSync(path, bad)
        let bytes = 0
        const reading = async () => {
          for await (const piece of reader.plain(file)) bytes += piece.length
        }
        await assert.rejects(reading(), coded('packer.archived-file-damaged'), `${file.path} at ${at}`)
        assert.ok(bytes < whole.length)
        await assert.rejects(reader.verify(file), coded('packer.archived-file-damaged'))
      }
      writeFileSync(path, good)
    }
  }
})

test('PA9: files that are cut, longer, gone, swapped or of another kind of thing are told apart', async () => {
  const b = await filled()
  const reader = await readerOf(b)
  const [one, two] = reader.select({ kinds: ['parquet'] })
  const path = join(b.base, one!.path)
  const kept = join(b.base, 'kept')
  copyFileSync(path, kept)
  const remove = () => rmSync(path, { recursive: true, force: true })
  const cases: [string, () => void, string][] = [
    ['cut by one', () => truncateSync(path, one!.bytes - 1), 'packer.archived-file-damaged'],
    ['empty', () => truncateSync(path, 0), 'packer.archived-file-damaged'],
    ['longer', () => appendFileSync(path, 'x'), 'packer.archived-file-damaged'],
    ['gone', remove, 'packer.archived-file-missing'],
    ['another day', () => copyFileSync(join(b.base, two!.path), path), 'packer.archived-file-damaged'],
    ['a directory', () => replaceByDirectory(path), 'packer.archived-file-damaged'],
  ]
  for (const [what, spoil, code] of cases) {
    spoil()
    await assert.rejects(reader.verify(one!), coded(code), what)
    remove()
    copyFileSync(kept, path)
  }
  await reader.verify(one!)
  const growing = { ...nodeDisk, size: () => one!.bytes }
  appendFileSync(path, 'x')
  const meanwhile = await readerOf(b, { disk: growing })
  await assert.rejects(meanwhile.verify(one!), coded('packer.archived-file-damaged'))
})

test('PA9: what the manifest says of rows, pixels and range has to be what the file says', async () => {
  const b = await filled({ encryptionEnabled: false })
  const reader = await readerOf(b)
  const of = (kind: ArchivedFile['kind']) => reader.select({ kinds: [kind] })[0]!
  const wrong: ArchivedFile[] = [
    { ...of('parquet'), rows: 49 },
    { ...of('parquet'), firstTimestampNs: '1' },
    { ...of('parquet'), lastTimestampNs: '1' },
    { ...of('quarantine'), rows: 3 },
    { ...of('heif'), pixels: { width: 40, height: 31 } },
    { ...of('heif'), path: of('parquet').path, bytes: of('parquet').bytes, checksum: of('parquet').checksum },
  ]
  // The checksums are those of the manifest: none of these is taken for a file that was deleted.
  for (const file of wrong) {
    await assert.rejects(reader.verify(file), coded('packer.archived-file-damaged'), JSON.stringify(file))
  }
})

test('a file that retention has deleted since is said to be that', async () => {
  const b = await filled({ retentionDays: 60 })
  const reader = await readerOf(b)
  const oldest = reader.select({ kinds: ['parquet'], to: day(2) })[0]!
  const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2 + 60, 1) }
  await withArchive(b, archive => archive.retain(true), { clock })
  assert.equal(existsSync(join(b.base, oldest.path)), false)
  await assert.rejects(reader.verify(oldest), coded('packer.archived-file-removed'))
  writeFileSync(join(b.base, oldest.path), 'another file under the name')
  await assert.rejects(reader.verify(oldest), coded('packer.archived-file-removed'))
})

test('what the manifest does not name is listed; what counts by now is not', async () => {
  const b = await filled()
  const reader = await readerOf(b)
  const more = new MemorySource([eventStream([event(1, { timestamp_ns: day(5) })])])
  await pack(b, Object.assign(more, { id: 'another' }))
  assert.equal((await readerOf(b)).files.length, reader.files.length + 1)
  assert.deepEqual(await reader.strays(), [])
  writeFileSync(join(b.base, 'parquet/2026/01/01/x.parquet'), 'x')
  assert.deepEqual(await reader.strays(), ['parquet/2026/01/01/x.parquet'])
})

test('without the right keys nothing is opened', async () => {
  const b = await filled()
  const reader = await readerOf(b)
  await assert.rejects(readerOf({ ...b, keys: await testKeys() }), coded('vault.key-not-found'))
  await assert.rejects(openArchiveReader({ basePath: b.base, keys: undefined }), coded('packer.manifest-damaged'))
  const file = reader.select({ kinds: ['parquet'] })[0]!
  const lost = async () => {
    throw vaultErrors.create('vault.key-destroyed', { keyId: file.keyId! })
  }
  const key = (id: string) => (id === file.keyId ? lost() : b.keys.key(id))
  const without = await readerOf({ ...b, keys: { ...b.keys, key } })
  await assert.rejects(without.verify(file), error => {
    return coded('vault.key-destroyed')(error) && `${error}`.includes(file.path)
  })
})

test('no archive, no manifest and files that cannot be read have an error each', async () => {
  const empty = temporaryBase()
  await assert.rejects(openArchiveReader({ basePath: empty, keys: undefined }), coded('packer.archive-missing'))
  await assert.rejects(
    openArchiveReader({ basePath: join(empty, 'none'), keys: undefined }),
    coded('packer.archive-missing'),
  )
  const b = await filled()
  const file = (await readerOf(b)).files[0]!
  const read = () => {
    throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  }
  const failing = await readerOf(b, { disk: { ...nodeDisk, read } })
  await assert.rejects(failing.verify(file), coded('packer.archived-file-unreadable'))
  renameSync(join(b.base, 'metadata/files.json'), join(b.base, 'metadata/files.old'))
  await assert.rejects(readerOf(b), coded('packer.manifest-missing'))
})

test('PA9: seal and encryption hold in their place alone, whatever a manifest says', async () => {
  for (const settings of [{}, { parquetEncryption: 'modular' }] as const) {
    const b = await filled(settings)
    const [one, two] = (await readerOf(b)).select({ kinds: ['parquet'] })
    copyFileSync(join(b.base, one!.path), join(b.base, two!.path))
    const key = await b.keys.key(one!.keyId!)
    const moved = { disk: nodeDisk, absolute: join(b.base, two!.path), file: { ...one!, path: two!.path }, key }
    const read = async () => {
      for await (const piece of plainPieces(moved)) assert.fail(`${piece.length} bytes`)
    }
    await assert.rejects(read(), coded('packer.archived-file-damaged'))
  }
})
