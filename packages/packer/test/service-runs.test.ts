import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import type { RunReport } from '../src/archive/contract.ts'
import { type Engine, PackerMetrics, PackerService } from '../src/service/index.ts'

const report: RunReport = {
  eventsProcessed: 1,
  eventsFailed: 0,
  duplicates: 0,
  damagedRecords: 0,
  outOfOrder: 0,
  frames: 0,
  filesCreated: 1,
  bytesProcessed: 1,
  durationMs: 1,
  ended: 'drained',
}

function serviceOf(engine: Partial<Engine>) {
  const ticks: (() => void)[] = []
  const clock: Clock = {
    ...systemClock,
    every(_ms, action) {
      ticks.push(action)
      return { cancel: () => undefined }
    },
  }
  const settings = { dailyTime: { hour: 3, minute: 0 }, timezone: 'UTC', backupThresholdBytes: 100 }
  const whole: Engine = {
    run: async () => report,
    deleteExpired: async () => ({ filesDeleted: 0, bytesDeleted: 0 }),
    backlogBytes: () => 0,
    lastCommitMs: () => Date.now(),
    ...engine,
  }
  const metrics = new PackerMetrics(createRegistry())
  const service = new PackerService({ engine: whole, settings, clock, logger: silentLogger, metrics }).begin()
  const look = (): void => {
    for (const tick of ticks) tick()
  }
  return { service, look }
}

test('PS1: a second run is refused while one is under way, and a stop waits for its end', async () => {
  const { service } = serviceOf({
    run: ({ signal }) =>
      new Promise(resolve => signal.addEventListener('abort', () => resolve({ ...report, ended: 'stopped' }))),
  })
  const first = service.run({ reason: 'command' })
  assert.equal(service.status().running?.reason, 'command')
  assert.throws(() => service.run({ reason: 'command' }), { code: 'packer.run-in-progress' })
  await service.stop()
  assert.equal((await first).ended, 'stopped')
  assert.throws(() => service.run({ reason: 'command' }), { code: 'packer.stopping' })
})

test('the threshold begins a run at its size, and none soon after one that failed', async () => {
  let [backlog, runs] = [99, 0]
  const { service, look } = serviceOf({
    backlogBytes: () => backlog,
    run: async () => {
      runs++
      throw new Error('no room')
    },
  })
  look()
  assert.equal(runs, 0)
  backlog = 100
  look()
  assert.equal(runs, 1)
  await new Promise(setImmediate)
  assert.equal(service.lastRun?.failures, 1)
  look()
  assert.equal(runs, 1)
  await service.stop()
})
