/** What a person meets who runs the packer and something is missing: room on the disk, the master key. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runChronicle } from '@chronicle/testing'
import { filesBelow, Installation } from './service-installation.ts'

const all: Installation[] = []
after(async () => {
  for (const each of all) await each.remove()
})

function installation(more: ConstructorParameters<typeof Installation>[0] = {}): Installation {
  const made = new Installation(more)
  all.push(made)
  return made
}

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected

const hasLimits = spawnSync('prlimit', ['--version']).status === 0

test('a disk that is full fails the run and nothing is lost; with room again all is packed', {
  skip: !hasLimits,
}, async () => {
  const packer = installation({ 'storage.parquet.compression': 'NONE' })
  await packer.start()
  packer.limitFileSize(512 * 1024)
  await packer.write(0, 8, JSON.stringify(randomBytes(400_000).toString('base64')))
  await assert.rejects(packer.ask('process'), code('packer.disk-full'))
  assert.equal(await packer.metric('chronicle_storage_errors_total'), 1)
  assert.equal(await packer.metric('chronicle_encryption_errors_total'), 0)
  assert.equal(await packer.metric('chronicle_events_processed_total'), 0)
  const { status, checks } = await packer.health()
  assert.deepEqual([status, checks.disk.status, checks.last_run.status], ['failing', 'failing', 'degraded'])
  assert.match(checks.disk.reason, /EFBIG.*Make room on the disk/)
  for (const name of ['parquet', 'temp']) assert.deepEqual(filesBelow(join(packer.base, name)), [], name)
  packer.limitFileSize(1024 * 1024 * 1024)
  assert.equal(((await packer.ask('process')) as { report: { eventsProcessed: number } }).report.eventsProcessed, 8)
  assert.equal((await packer.health()).status, 'ok')
})

test('a master key that goes missing or is another one shows in health while the packer runs, and stops the next start', async () => {
  const packer = installation()
  await packer.start()
  await packer.write(0, 10)
  await packer.ask('process')
  assert.equal((await packer.health()).checks.keys.status, 'ok')
  const aside = `${packer.keyFile}.aside`
  renameSync(packer.keyFile, aside)
  const missing = (await packer.health()).checks.keys
  assert.equal(missing.status, 'failing')
  assert.match(missing.reason, new RegExp(packer.keyFile))
  writeFileSync(packer.keyFile, randomBytes(32), { mode: 0o600 })
  assert.match((await packer.health()).checks.keys.reason, /master key/i)
  rmSync(packer.keyFile)
  renameSync(aside, packer.keyFile)
  chmodSync(packer.keyFile, 0o644)
  assert.match((await packer.health()).checks.keys.reason, /0644/)
  chmodSync(packer.keyFile, 0o600)
  assert.equal((await packer.health()).checks.keys.status, 'ok')
  renameSync(packer.keyFile, aside)
  await packer.stop()
  const refused = await packer.packer('start')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /master key[\s\S]*master\.key/)
  assert.equal(filesBelow(join(packer.base, 'parquet')).length, 1, 'nothing is swept without a key')
  renameSync(aside, packer.keyFile)
  await packer.start()
})

test('keys that were destroyed, and a key store that is gone, show in health', async () => {
  const packer = installation()
  await packer.start()
  await packer.write(0, 10)
  await packer.ask('process')
  await packer.stop()
  const store = join(packer.base, 'metadata/keys')
  const vault = (...args: string[]) => runChronicle(['vault', ...args, '--data-dir', store])
  const listed = JSON.parse((await vault('keys', '--json')).stdout) as { id: string; purpose: string }[]
  const day = listed.find(({ purpose }) => purpose.startsWith('archive/2026'))
  assert.ok(day)
  const destroyed = await vault('destroy', day.id, '--reason', 'erasure', '--yes', day.id)
  assert.equal(destroyed.code, 0, destroyed.stderr)
  await packer.start()
  const { keys } = (await packer.health()).checks
  assert.equal(keys.status, 'degraded', 'what is new is sealed all the same')
  assert.match(keys.reason, /1 files cannot be opened: their keys were destroyed/)
  renameSync(store, `${store}.aside`)
  assert.equal((await packer.health()).checks.keys.status, 'failing')
  renameSync(`${store}.aside`, store)
})
