import assert from 'node:assert/strict'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { type Disk, nodeDisk } from '../src/archive/disk.ts'
import { event, eventStream, frameStream } from './intake-support.ts'
import { Crash, mortalDisk } from './mortal-disk.ts'
import { archivedRows, type Bench, bench, MemorySource, pack, withArchive } from './run-support.ts'

const dayNs = 86_400_000_000_000n

function makeSource(): MemorySource {
  const rows = (from: number, days: bigint) =>
    Array.from({ length: 4 }, (_, at) => {
      return event(from + at, { timestamp_ns: event(0).timestamp_ns! + (BigInt(at) % days) * dayNs })
    })
  const frame = { session_id: 's', format: 'png', image: Buffer.from('picture'), metadata: '{}' }
  return new MemorySource([
    eventStream([...rows(0, 1n), event(1), event(90, { data: '{' })]),
    { frames: frameStream([{ ...frame, timestamp_ns: event(50).timestamp_ns!, event_id: 'frame' }]) },
    eventStream(rows(10, 2n)),
  ])
}

const expected = [0, 1, 2, 3, 10, 11, 12, 13].map(at => event(at).event_id).sort()

/** Nothing lies in place that the manifest does not name, and all that it names is there. */
async function checkPlaces(b: Bench): Promise<void> {
  const { files, ids } = await withArchive(b, async archive => archive.manifest)
  const inPlace = ['parquet', 'heif', 'quarantine', 'metadata/ids'].flatMap(root =>
    readdirSync(join(b.base, root), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(b.base.length + 1)),
  )
  assert.deepEqual(inPlace.sort(), [...files.map(file => file.path), ...Object.values(ids)].sort())
  assert.deepEqual(readdirSync(join(b.base, 'temp')), [])
}

test('PA2 PA3: wherever a process ends, every event is in one verified file or still in the source', async () => {
  let crashes = 0
  for (let steps = 0; ; steps++) {
    const b = await bench()
    const source = makeSource()
    const { disk, hasEnded } = mortalDisk(steps)
    const ended = await pack(b, source, { disk }).then(
      () => false,
      error => {
        if (!(error instanceof Crash) && !(error.cause instanceof Crash)) throw error
        return true
      },
    )
    if (ended) crashes++
    const ids = async () => (await archivedRows(b)).map(({ row }) => row.event_id).sort()
    const between = await ids()
    if (source.released > 0) assert.deepEqual(between, expected)
    else assert.ok(between.length === 0 || between.length === expected.length)
    source.reopen()
    await pack(b, source)
    assert.deepEqual(await ids(), expected, `after ${steps} steps`)
    await checkPlaces(b)
    const kinds = (await withArchive(b, async archive => archive.manifest.files)).map(file => file.kind).sort()
    assert.deepEqual(kinds, ['heif', 'parquet', 'parquet', 'quarantine'])
    if (!hasEnded()) break
  }
  assert.ok(crashes > 50, `${crashes} crashes`)
})

test('PA5: wherever a later run of a day ends, its earlier events are remembered', async () => {
  for (let steps = 0, isOver = false; !isOver; steps++) {
    const b = await bench()
    const source = new MemorySource([eventStream([event(1)])])
    await pack(b, source)
    source.push(eventStream([event(1), event(2)]))
    const { disk, hasEnded } = mortalDisk(steps)
    await pack(b, source, { disk }).catch(error =>
      assert.ok(error instanceof Crash || error.cause instanceof Crash, error),
    )
    isOver = !hasEnded()
    source.reopen()
    source.push(eventStream([event(1), event(2)]))
    await pack(b, source)
    const ids = (await archivedRows(b)).map(({ row }) => row.event_id)
    assert.deepEqual(ids, [event(1).event_id, event(2).event_id], `after ${steps} steps`)
  }
})

test('PA3: wherever the deletion of old files ends, what the manifest names is there, and the next deletion completes it', async () => {
  const onDay = (day: number) => event(day, { timestamp_ns: BigInt(Date.UTC(2026, 0, day, 12)) * 1_000_000n })
  const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 64, 1) }
  const days = async () => {
    const { files } = await withArchive(b, async archive => archive.manifest)
    return files.map(file => file.path.slice('parquet/2026/01/'.length, 'parquet/2026/01/DD'.length))
  }
  const ends = new Set<string>()
  const b = await bench({ retentionDays: 60 })
  await pack(b, new MemorySource([eventStream([1, 2, 3, 4].map(onDay))]))
  cpSync(b.base, `${b.base}.before`, { recursive: true })
  for (let steps = 0; ; steps++) {
    rmSync(b.base, { recursive: true })
    cpSync(`${b.base}.before`, b.base, { recursive: true })
    const { disk, hasEnded } = mortalDisk(steps)
    const retain = (disk: Disk) => withArchive(b, archive => archive.retain(true), { clock, disk })
    await retain(disk).catch(error => assert.ok(error instanceof Crash, error))
    await checkPlaces(b)
    ends.add(`${await days()}`)
    await retain(nodeDisk)
    await checkPlaces(b)
    assert.deepEqual(await days(), ['04'], `after ${steps} steps`)
    if (!hasEnded()) break
  }
  assert.deepEqual([...ends], ['01,02,03,04', '04'], 'all of them or none')
})

test('PA4: a file that the disk changes behind the back of the run is found before anything is released', async () => {
  for (const settings of [{}, { encryptionEnabled: false }, { parquetEncryption: 'modular' as const }]) {
    const b = await bench(settings)
    const source = makeSource()
    const read: Disk['read'] = (file, into, position) => {
      const length = nodeDisk.read(file, into, position)
      if (position === 0 && length > 100) into[100]! ^= 1
      return length
    }
    await assert.rejects(pack(b, source, { disk: { ...nodeDisk, read } }), (error: { code?: string }) =>
      /packer.verification-failed|vault.tampered/.test(`${error.code}`),
    )
    assert.equal(source.released, 0)
    assert.deepEqual(await archivedRows(b), [])
  }
})

test('PA4: of a file with modular encryption every module is opened again, whatever its checksum says', async () => {
  const b = await bench({ parquetEncryption: 'modular' })
  const source = makeSource()
  let readings = 0
  const open: Disk['open'] = path => {
    readings = 0
    return nodeDisk.open(path)
  }
  // First the bytes are compared, from the front to the end; then the modules are opened.
  const read: Disk['read'] = (file, into, position) => {
    const length = nodeDisk.read(file, into, position)
    if (position === 0 && ++readings > 1) into[100]! ^= 1
    return length
  }
  const failed = { code: 'packer.verification-failed', message: /header of the d\w+ page, row group 0, column 0/ }
  await assert.rejects(pack(b, source, { disk: { ...nodeDisk, open, read } }), failed)
  assert.equal(source.released, 0)
})
