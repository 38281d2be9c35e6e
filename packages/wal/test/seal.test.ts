import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '@chronicle/base'
import { createRegistry } from '@chronicle/telemetry'
import { simMachine } from './support.ts'

const payload = Buffer.from('an entry')
const crc = crc32c(payload)

test('W9: a seal that was not synced before the power failed may be gone; one that was confirmed is not', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const machine = simMachine(seed)
    const wal = await machine.open()
    wal.append(1, 16, payload, crc)
    const sealed = wal.seal()
    const confirmed = seed % 2 === 0
    if (confirmed) await machine.scheduler.settle(sealed)
    else await machine.scheduler.step()
    machine.scheduler.clear()
    machine.disk.restart('power')
    const again = await machine.open()
    if (confirmed) assert.throws(() => again.append(1, 16, payload, crc), { code: 'wal.sealed' })
  }
})

test('entries that were accepted before the seal are durable with it', async () => {
  const machine = simMachine()
  const wal = await machine.open()
  wal.append(1, 16, payload, crc)
  const flushed = wal.flushed()
  await machine.scheduler.settle(wal.seal())
  await flushed
  assert.equal(wal.durableLsn, wal.endLsn)
  assert.equal(wal.ready, true)
})

test('what the log measures can be scraped', async () => {
  const machine = simMachine()
  const registry = createRegistry()
  const wal = await machine.open({ registry })
  for (let n = 0; n < 3; n++) wal.append(1, 16, payload, crc)
  await machine.scheduler.settle(wal.flushed())
  const text = await registry.metrics()
  for (const line of [
    'chronicle_wal_group_commit_entries_sum 3',
    'chronicle_wal_group_commit_bytes_sum 120',
    'chronicle_wal_sync_seconds_count 1',
    'chronicle_wal_appended_bytes_total 120',
    'chronicle_wal_durable_lsn 120',
    'chronicle_wal_end_lsn 120',
    'chronicle_wal_files 1',
    'chronicle_wal_failures_total{operation="commit"} 0',
  ]) {
    assert.ok(text.includes(line), line)
  }
})
