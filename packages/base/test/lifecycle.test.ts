import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lifecycle, systemClock } from '../src/index.ts'

test('B3: parts stop in reverse order; one that fails or hangs does not keep the others from stopping', async () => {
  const order: string[] = []
  const lifecycle = new Lifecycle(systemClock)
  lifecycle.add('disk', { stop: () => void order.push('disk') })
  lifecycle.add('hung', { stop: () => new Promise(() => {}) })
  lifecycle.add('broken', {
    stop: () => {
      order.push('broken')
      throw new Error('no')
    },
  })
  lifecycle.add('door', { stop: async () => void order.push('door') })
  const keepAlive = setInterval(() => {}, 1000)
  const reports = await lifecycle.stop(50)
  clearInterval(keepAlive)
  assert.deepEqual(order, ['door', 'broken', 'disk'])
  assert.deepEqual(
    reports.map(({ name, outcome }) => `${name} ${outcome}`),
    ['door stopped', 'broken failed', 'hung timed out', 'disk stopped'],
  )
  assert.equal(await lifecycle.stop(50), reports)
})
