/** The packer as a whole, with real files and keys, on clocks that do what clocks do. */
import assert from 'node:assert/strict'
import { readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ArchivedFile } from '@chronicle/packer'
import { PackerHome } from './support/packer.ts'

const homes: PackerHome[] = []
after(async () => {
  for (const home of homes) await home.remove()
})

async function started(now: string, toml = ''): Promise<PackerHome> {
  const home = new PackerHome(now, toml)
  homes.push(home)
  await home.start()
  return home
}

function manifestOf({ base }: PackerHome): { files: ArchivedFile[] } {
  return JSON.parse(readFileSync(join(base, 'metadata/files.json'), 'utf8'))
}

/** Stops the packer and starts it again at `now`, its last commit having been at `packed`. */
async function restart(home: PackerHome, packed: string, now: string): Promise<void> {
  await home.stop()
  utimesSync(join(home.base, 'metadata/files.json'), new Date(packed), new Date(packed))
  home.clock.jump(now)
  await home.start()
}

test('PS4: a night on which no packer ran is made up for at the next start, where something waits', async () => {
  const home = await started('2026-05-01T20:00:00Z')
  await restart(home, '2026-05-01T20:00:00Z', '2026-05-02T10:00:00Z')
  assert.equal(await home.lastReason(), undefined, 'nothing waits')
  await home.write({ id: 'a', at: '2026-05-01T21:00:00Z' })
  await restart(home, '2026-05-02T03:00:01Z', '2026-05-02T10:00:00Z')
  assert.equal(await home.lastReason(), undefined, 'something was packed since')
  await restart(home, '2026-05-01T20:00:00Z', '2026-05-02T10:00:00Z')
  assert.equal(await home.lastReason(), 'missed')
  assert.equal(await home.metric('chronicle_events_processed_total'), 1)
})

test('PS2: a clock that is set forward or back by hours or days: one run for each day that it comes to', async () => {
  const home = await started('2026-05-01T12:00:00Z')
  const runs = () => home.log.filter(({ message }) => message === 'run finished').map(({ reason }) => reason)
  const settle = async () => {
    await home.clock.advance(61_000)
    await home.lastReason(1)
  }
  home.clock.jump('2026-05-02T01:00:00Z')
  await settle()
  assert.deepEqual(runs(), [])
  home.clock.jump('2026-05-02T06:00:00Z')
  await settle()
  assert.deepEqual(runs(), ['schedule'], 'five hours forward, over the daily time')
  home.clock.jump('2026-05-02T01:00:00Z')
  await settle()
  home.clock.jump('2026-05-02T04:00:00Z')
  await settle()
  assert.equal(runs().length, 1, 'five hours back: the day has had its run')
  home.clock.jump('2026-05-06T12:00:00Z')
  await settle()
  assert.equal(runs().length, 2, 'days forward: one run, not four')
  home.clock.jump('2026-05-01T12:00:00Z')
  await settle()
  home.clock.jump('2026-05-02T04:00:00Z')
  await settle()
  assert.equal(runs().length, 3, 'days back: the next night has a run again')
})

test('scheduling.max_processing_time ends a run at a boundary; the rest is packed by the next', async () => {
  const toml = 'scheduling.max_processing_time = 1\nring_buffer.size = 33554432\nscheduling.backup_threshold = 33554432'
  const home = await started('2026-05-01T12:00:00Z', toml)
  const data = JSON.stringify({ text: 'x'.repeat(60_000) })
  for (const record of [0, 1, 2]) {
    const ids = Array.from({ length: 80 }, (_, at) => `${record}-${at}`)
    await home.write(...ids.map(id => ({ id, at: '2026-05-01T11:00:00Z', data })))
  }
  home.clock.stepMs = 150
  const first = (await home.ask('process')) as { report: { ended: string; eventsProcessed: number } }
  home.clock.stepMs = 0
  assert.equal(first.report.ended, 'time-limit')
  assert.ok(first.report.eventsProcessed > 0 && first.report.eventsProcessed < 240, `${first.report.eventsProcessed}`)
  const { last_run } = (await home.health()).checks
  assert.equal(last_run.status, 'degraded')
  assert.match(last_run.reason, /max_processing_time/)
  const rest = (await home.ask('process')) as typeof first
  assert.deepEqual([rest.report.ended, rest.report.eventsProcessed + first.report.eventsProcessed], ['drained', 240])
})

test('retention deletes after a run, and with --cleanup before it; newer files stay', async () => {
  const home = await started('2026-05-01T12:00:00Z', 'storage.retention_days = 10')
  await home.write({ id: 'old', at: '2026-05-01T11:00:00Z' })
  await home.ask('process')
  home.clock.jump('2026-05-06T12:00:00Z')
  await home.write({ id: 'between', at: '2026-05-06T11:00:00Z' })
  await home.ask('process')
  home.clock.jump('2026-05-12T12:00:00Z')
  await home.write({ id: 'new', at: '2026-05-12T11:00:00Z' })
  await home.ask('process', { dryRun: true })
  assert.equal(manifestOf(home).files.length, 2, 'a dry run deletes nothing')
  await home.ask('process')
  assert.deepEqual(
    manifestOf(home).files.map(({ path }) => path.slice(0, 18)),
    ['parquet/2026/05/06', 'parquet/2026/05/12'],
  )
  home.clock.jump('2026-06-12T12:00:00Z')
  const { cleanup } = (await home.ask('process', { cleanup: true })) as { cleanup: { filesDeleted: number } }
  assert.equal(cleanup.filesDeleted, 2)
  assert.deepEqual(manifestOf(home).files, [])
})

test('a key that is past encryption.key_rotation_days seals nothing new, and what it sealed still opens', async () => {
  const home = await started('2026-05-01T12:00:00Z', 'encryption.key_rotation_days = 1')
  const pack = async (...ids: string[]) => {
    await home.write(...ids.map(id => ({ id, at: '2026-05-01T11:00:00Z' })))
    return ((await home.ask('process')) as { report: { eventsProcessed: number; duplicates: number } }).report
  }
  await pack('a')
  await home.clock.advance(60_000)
  await pack('b')
  home.clock.jump('2026-05-03T12:00:00Z')
  await home.clock.advance(60_000)
  await home.lastReason()
  assert.deepEqual(
    (({ eventsProcessed, duplicates }) => [eventsProcessed, duplicates])(await pack('a', 'b', 'c')),
    [1, 2],
  )
  const keys = manifestOf(home).files.map(({ keyId }) => keyId)
  assert.equal(keys[0], keys[1])
  assert.notEqual(keys[1], keys[2])
  await home.stop()
  await home.start()
  assert.equal((await home.health()).checks.keys.status, 'ok')
  for (const file of manifestOf(home).files) assert.equal(await home.rowsOf(file), 1, file.path)
})
