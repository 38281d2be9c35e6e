import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter, collectProcessMetrics, createRegistry, Health } from '../src/index.ts'

test('a registry is its own, with what Prometheus expects of a process', async () => {
  const registry = createRegistry()
  collectProcessMetrics(registry)
  const counter = new Counter({ name: 'things_total', help: 'Things.', registers: [registry] })
  counter.inc(3)
  const text = await registry.metrics()
  assert.match(text, /^things_total 3$/m)
  assert.match(text, /^process_cpu_seconds_total \d/m)
  assert.match(text, /^process_resident_memory_bytes \d/m)
  assert.doesNotMatch(await createRegistry().metrics(), /things_total/)
})

test('TM3: health is as bad as its worst check, and says why', () => {
  const health = new Health()
  assert.deepEqual(health.report(), { status: 'pass', checks: {} })
  health.register('wal', () => ({ status: 'pass', reason: 'it syncs' }))
  health.register('disk', () => ({ status: 'warn', reason: 'nearly full' }))
  assert.equal(health.report().status, 'warn')
  health.register('wal', () => ({ status: 'fail', reason: 'a sync failed' }))
  assert.equal(health.report().status, 'fail')
  assert.equal(health.report().checks.wal?.reason, 'a sync failed')
})

test('TM3: a check that throws fails, and the others are still asked', () => {
  const health = new Health()
  health.register('broken', () => {
    throw new Error('no answer')
  })
  health.register('wal', () => ({ status: 'pass', reason: 'it syncs' }))
  const { status, checks } = health.report()
  assert.equal(status, 'fail')
  assert.deepEqual(checks, {
    broken: { status: 'fail', reason: 'no answer' },
    wal: { status: 'pass', reason: 'it syncs' },
  })
})
