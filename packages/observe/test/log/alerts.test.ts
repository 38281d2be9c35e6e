import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { createLogger, createRegistry } from '@chronicle/telemetry'
import { alertEvent } from '../../src/alert-event.ts'
import { type Alert, Alerts } from '../../src/alerts.ts'
import { Backoff } from '../../src/backoff.ts'
import { eventFromJson, eventToJson } from '../../src/event/index.ts'
import { settle, startMs, testClock } from '../support/log-house.ts'

function alertsWith(lines: string[]): { alerts: Alerts; registry: ReturnType<typeof createRegistry> } {
  const clock = testClock()
  const registry = createRegistry()
  const logger = createLogger({ level: 'info', clock, write: line => void lines.push(line) })
  return { registry, alerts: new Alerts({ clock, random: seededRandom(1), logger, registry }) }
}

test('OL7: an alert is said once when it is raised and once when it is cleared: logged, measured, published', async () => {
  const lines: string[] = []
  const { alerts, registry } = alertsWith(lines)
  const said: Alert[] = []
  const stop = alerts.publishTo(alert => void said.push(alert))
  alerts.clear('write_failure')
  for (const fact of ['first', 'second']) alerts.raise('write_failure', fact)
  assert.match(await registry.metrics(), /chronicle_observe_alert\{alert="write_failure"\} 1/)
  for (const _ of 'ab') alerts.clear('write_failure')
  assert.match(await registry.metrics(), /chronicle_observe_alert\{alert="write_failure"\} 0/)
  assert.deepEqual(
    said.map(({ state, id, at }) => [state, id === said[0]!.id, at]),
    [
      ['raised', true, startMs],
      ['cleared', true, startMs],
    ],
  )
  assert.match(said[0]!.detail, /\(first\)$/)
  assert.deepEqual(
    lines.map(line => JSON.parse(line).level),
    ['error', 'info'],
  )
  stop()
  alerts.raise('write_failure', 'third')
  assert.equal(said.length, 2)
})

test('a publisher that comes later is told of what stands, and one that fails keeps nobody from anything', async () => {
  const lines: string[] = []
  const { alerts } = alertsWith(lines)
  alerts.raise('buffer_full', 'a fact')
  const said: string[] = []
  alerts.publishTo(() => Promise.reject(new Error('no connection')))
  alerts.publishTo(() => {
    throw new Error('no connection')
  })
  alerts.publishTo(({ name, state }) => void said.push(`${name} ${state}`))
  alerts.clear('buffer_full')
  await settle()
  assert.deepEqual(said, ['buffer_full raised', 'buffer_full cleared'])
  assert.equal(lines.filter(line => line.includes('could not be published')).length, 4)
})

test('an alert is an event that every source takes; raising and clearing are two of one trace', () => {
  const { alerts } = alertsWith([])
  const events: ReturnType<typeof alertEvent>[] = []
  alerts.publishTo(alert => void events.push(alertEvent(alert)))
  alerts.raise('read_failure', 'a fact')
  alerts.clear('read_failure')
  const [raised, cleared] = events
  assert.equal(raised!.traceId, cleared!.traceId)
  assert.notEqual(raised!.eventId, cleared!.eventId)
  const context = { receivedMicros: startMs * 1000, eventId: () => assert.fail('it has an id') }
  for (const event of events) assert.deepEqual(eventFromJson(eventToJson(event), context), event)
})

test('waits grow with every failure in a row up to their limit, and begin anew after a success', () => {
  const limits: number[] = []
  const random = {
    ...seededRandom(1),
    int: (limit: number) => {
      limits.push(limit)
      return limit - 1
    },
  }
  const backoff = new Backoff(random, { firstMs: 500, waitMsMax: 30_000 })
  const waits = Array.from({ length: 9 }, () => backoff.failed())
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  assert.equal(backoff.failures, 9)
  backoff.succeeded()
  assert.deepEqual([backoff.failures, backoff.failed()], [0, 500])
  for (let n = 0; n < 5000; n++) assert.ok(Number.isFinite(backoff.failed()))
})
