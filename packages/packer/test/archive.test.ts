import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { packerErrors } from '../src/errors.ts'
import { event, eventStream } from './intake-support.ts'
import { bench, MemorySource, pack, withArchive } from './run-support.ts'

function coded(code: string) {
  return (error: unknown) => {
    if (packerErrors.is(error) && error.code === code) return true
    throw error
  }
}

test('PA3: what no finished run has left is removed at the start, and said', async () => {
  const b = await bench()
  await pack(b, new MemorySource([eventStream([event(1)])]))
  const strays = [
    'temp/7-1',
    'parquet/2026/01/01/events_20260101_000000.parquet',
    'heif/x.heif',
    'quarantine/y',
    'metadata/ids/z',
  ]
  for (const path of strays) {
    mkdirSync(dirname(join(b.base, path)), { recursive: true })
    writeFileSync(join(b.base, path), 'stray')
  }
  const notices: string[] = []
  const files = await withArchive(b, async archive => archive.manifest.files, { notices })
  assert.equal(notices.length, strays.length)
  for (const path of strays) assert.equal(existsSync(join(b.base, path)), false, path)
  assert.ok(existsSync(join(b.base, files[0]!.path)))
})

test('PA7: a manifest that was changed, lost or taken from elsewhere is refused, and nothing is swept', async () => {
  const b = await bench()
  await pack(b, new MemorySource([eventStream([event(1)])]))
  const path = join(b.base, 'metadata/files.json')
  const good = readFileSync(path, 'utf8')
  const [file] = JSON.parse(good).files
  const plain = await bench({ encryptionEnabled: false })
  const other = await bench()
  await withArchive(other, async () => undefined)
  const bad: [string, string][] = [
    ['another size', good.replace(`"bytes":${file.bytes}`, `"bytes":${file.bytes + 1}`)],
    ['no file', good.replace(/\[\n.*\n\]/, '[\n\n]')],
    ['another source position', good.replace('"memory-1":', '"memory-2":')],
    ['an algorithm without a key', good.replace('hmac-sha256', 'sha256')],
    ['no JSON', 'x'],
    ['cut', good.slice(0, -20)],
  ]
  for (const [what, text] of bad) {
    assert.notEqual(text, good, what)
    writeFileSync(path, text)
    await assert.rejects(
      withArchive(b, async () => undefined),
      coded('packer.manifest-damaged'),
      what,
    )
  }
  rmSync(path)
  await assert.rejects(
    withArchive(b, async () => undefined),
    coded('packer.manifest-missing'),
  )
  assert.ok(existsSync(join(b.base, file.path)))
  writeFileSync(path, good)
  assert.equal((await withArchive(b, async archive => archive.manifest.files)).length, 1)
  assert.equal(plain.settings.encryptionEnabled, false)
})

test('PA3: a manifest that is older than the files beside it is refused, and nothing is swept', async () => {
  const b = await bench()
  const path = join(b.base, 'metadata/files.json')
  const source = new MemorySource([])
  const manifests: Buffer[] = []
  for (const at of [1, 2, 3]) {
    source.push(eventStream([event(at)]))
    await pack(b, source)
    manifests.push(readFileSync(path))
  }
  writeFileSync(path, manifests[0]!)
  await assert.rejects(
    withArchive(b, async () => undefined),
    coded('packer.manifest-older'),
  )
  writeFileSync(path, manifests[2]!)
  const notices: string[] = []
  assert.equal((await withArchive(b, async archive => archive.manifest.files, { notices })).length, 3)
  assert.deepEqual(notices, [])
})

test('what the packer does not make is no stray: a directory that lies elsewhere stays, with what is in it', async () => {
  const b = await bench()
  await pack(b, new MemorySource([eventStream([event(1)])]))
  const year = join(b.base, 'parquet/2026')
  renameSync(year, `${b.base}.elsewhere`)
  symlinkSync(`${b.base}.elsewhere`, year)
  const notices: string[] = []
  const [file] = await withArchive(b, async archive => archive.manifest.files, { notices })
  assert.deepEqual(notices, [])
  assert.ok(existsSync(join(b.base, file!.path)))
})

test('an archive has one packer at a time', async () => {
  const b = await bench()
  await withArchive(b, async () => {
    await assert.rejects(
      withArchive(b, async () => undefined),
      coded('packer.archive-busy'),
    )
  })
})

test('what is older than its retention is deleted, said in the audit log, and its ids are forgotten', async () => {
  const b = await bench({ retentionDays: 60 })
  const day = (days: number) => event(days, { timestamp_ns: BigInt(Date.UTC(2026, 0, days, 12)) * 1_000_000n })
  await pack(b, new MemorySource([eventStream([day(1), day(2), day(3)])]))
  const clock = { ...systemClock, now: () => Date.UTC(2026, 0, 2 + 60, 1) }
  await withArchive(
    b,
    async archive => {
      assert.deepEqual(
        (await archive.retain(true)).map(file => file.path.slice(8, 18)),
        ['2026/01/01'],
      )
      assert.deepEqual(
        archive.manifest.files.map(file => file.path.slice(8, 18)),
        ['2026/01/02', '2026/01/03'],
      )
      assert.deepEqual(Object.keys(archive.manifest.ids), ['2026-01-02', '2026-01-03'])
      assert.deepEqual(await archive.retain(true), [])
    },
    { clock },
  )
  assert.equal(b.keys.audited.filter(line => /^archive.delete parquet\/2026\/01\/01/.test(line)).length, 1)
  const notices: string[] = []
  await withArchive(b, async () => undefined, { notices })
  assert.deepEqual(notices, [])
})
