import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { type ArchivedEvent, readEvents } from '../src/archive/event-rows.ts'
import { packerErrors } from '../src/errors.ts'
import type { ParquetCodec } from '../src/parquet/contract.ts'
import { event, eventStream } from './intake-support.ts'
import { spec, writeFile } from './parquet-support.ts'
import { bench, MemorySource, pack, withArchive } from './run-support.ts'

async function plainFile(rows: number, parquetCodec: ParquetCodec, rowGroupRows: number): Promise<Buffer> {
  const b = await bench({ encryptionEnabled: false, parquetCodec, rowGroupRows })
  const all = Array.from({ length: rows }, (_, at) => event(at))
  await pack(b, new MemorySource([eventStream(all)]))
  const [file] = await withArchive(b, async archive => archive.manifest.files)
  return readFileSync(join(b.base, file!.path))
}

async function eventsOf(bytes: Buffer): Promise<{ events: ArchivedEvent[]; most: number }> {
  const events: ArchivedEvent[] = []
  let most = 0
  const read = async (start: number, end: number) => bytes.subarray(start, end)
  for await (const some of readEvents('x.parquet', { bytes: bytes.length, read })) {
    events.push(...some)
    most = Math.max(most, some.length)
  }
  return { events, most }
}

test('events come in their order with every codec, some thousand at a time, over row groups of any size', async () => {
  for (const codec of ['NONE', 'SNAPPY', 'GZIP', 'LZ4', 'ZSTD'] as const) {
    const { events, most } = await eventsOf(await plainFile(5000, codec, codec === 'SNAPPY' ? 65_536 : 700))
    assert.equal(events.length, 5000)
    assert.ok(most <= 4096)
    for (const [at, found] of events.entries()) {
      const { timestamp_ns, event_type, app_bundle_id, window_title, data, session_id, event_id } = event(at)
      assert.deepEqual(Object.values(found), [
        timestamp_ns,
        event_type,
        app_bundle_id,
        window_title,
        data,
        session_id,
        event_id,
      ])
    }
  }
})

const damaged = (error: unknown) => packerErrors.is(error) && error.code === 'packer.archived-file-damaged'

test('what is no file of events is refused, and whatever bytes come, reading ends in rows or a refusal', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('PAR1'), Buffer.from('PAR1\0\0\0\0PAR1')]) {
    await assert.rejects(eventsOf(bytes), damaged)
  }
  const other = writeFile([{ spec: spec('x', 'int32'), values: [1, 2] }])
  await assert.rejects(eventsOf(other), damaged)
  const good = await plainFile(200, 'SNAPPY', 65_536)
  const random = seededRandom(4711)
  for (let round = 0; round < 300; round++) {
    const bad = Buffer.from(good)
    // Half of them in the footer.
    const [place, value] = [Buffer.from(random.bytes(4)).readUInt32LE(), random.bytes(1)[0]!]
    bad[round % 2 === 0 ? place % bad.length : bad.length - 1 - (place % 1500)] = value
    await eventsOf(bad).catch(error => assert.ok(damaged(error), `round ${round}: ${error}`))
  }
})
