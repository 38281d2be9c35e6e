/**
 * A swarm's day with less room than it needs: in the buffer while the database is away, and on the disk of the log. Agents are held back, not one event is lost,
 * unless BUFFER_OVERFLOW asks for it. `SWARM_SEED=4711 npm test -- e2e/observe-buffer` repeats the day.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { withoutNatsServer, withoutPostgres } from '@chronicle/testing'
import { openHouse } from './observe/house.ts'
import { eventually, type ObserveServer } from './observe/server.ts'
import { differences, Load, recentDay, storedEvents, swarmSeed } from './observe/swarm.ts'

const skip = withoutPostgres() || withoutNatsServer()
const day = recentDay({ agents: 10, traces: 200, heartbeatEveryMs: 1_200_000, malformedRate: 0.01 })
const again = `again: SWARM_SEED=${swarmSeed}`
const bufferMax = 200
/** One that is not of the day. */
const ownEvent = { trace_id: 'of the test', source: 'chronicle', event_type: 'x' }

function post(server: ObserveServer, events: readonly object[]): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(events)
  return fetch(`http://127.0.0.1:${server.httpPort}/api/v1/events`, { method: 'POST', headers, body })
}

// They wait more than they work.
describe('less room than a day needs', { concurrency: 2 }, () => {
  test('past BUFFER_MAX_SIZE agents are held back and an alert stands, until the database is there; then all of the day comes', {
    skip,
  }, async t => {
    const house = await openHouse(t, { BUFFER_MAX_SIZE: String(bufferMax) })
    const { server, senders, postgres, postgresProxy: proxy, alerts } = house
    const load = new Load(day, senders)
    await load.upTo(0.1)
    proxy.shut()
    const sending = load.upTo(1)
    await eventually(() => server.hasAlert('buffer_full'))
    await eventually(async () => /held/.test((await server.health()).checks.nats!.reason))
    await eventually(() => server.hasAlert('write_failure'))
    assert.ok((await server.metric('waiting_events', '"swarm.events"')) <= bufferMax, 'no more came through the intake')
    const refused = await post(
      server,
      Array.from({ length: bufferMax }, () => ownEvent),
    )
    assert.deepEqual([refused.status, refused.headers.has('retry-after')], [429, true])
    proxy.open()
    await sending
    await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
    assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
    await eventually(async () => !(await server.hasAlert('buffer_full')))
    await eventually(() => ['buffer_full', 'write_failure'].every(name => alerts.includes(`${name} cleared`)))
  })

  test('with drop-oldest nobody is held back: what is too old is left out, counted and told', { skip }, async t => {
    const house = await openHouse(t, { BUFFER_MAX_SIZE: String(bufferMax), BUFFER_OVERFLOW: 'drop-oldest' })
    const { server, senders, postgres, postgresProxy: proxy, alerts } = house
    const load = new Load(day, senders)
    await load.upTo(0.1)
    await server.untilWritten(senders)
    proxy.shut()
    await load.upTo(1)
    await eventually(() => server.hasAlert('write_failure'))
    proxy.open()
    await server.untilWritten(senders)
    const dropped = await server.metric('dropped_events_total')
    const stored = await storedEvents(postgres.url)
    assert.ok(dropped > 0 && stored < day.events.length && stored + dropped >= day.events.length)
    await eventually(() => ['raised', 'cleared'].every(state => alerts.includes(`events_dropped ${state}`)))
  })

  /** Less than this is not given up again for other programs of the machine. */
  const marginBytes = 1024 ** 3

  test('while the disk of the log is full nothing is accepted and NATS keeps what it has; then all of the day comes', {
    skip:
      skip ||
      (process.platform !== 'linux' && 'fallocate is of Linux') ||
      (freeBytes() < 8 * marginBytes && 'the disk is too full'),
  }, async t => {
    const filling = join(tmpdir(), `chronicle-filling-${process.pid}`)
    t.after(() => rmSync(filling, { force: true }))
    const freeMin = Math.floor(freeBytes() / 1024 ** 2 - marginBytes / 1024 ** 2)
    const { server, senders, postgres } = await openHouse(t, { CHRONIK_DISK_FREE_MIN: `${freeMin}MB` })
    const load = new Load(day, senders)
    await load.upTo(0.2)
    execFileSync('fallocate', ['--length', String(3 * marginBytes), filling])
    await eventually(async () => (await post(server, [ownEvent])).status === 503, 'an event is refused')
    assert.equal((await server.health()).status, 'fail')
    const sending = load.upTo(1)
    await eventually(async () => /held/.test((await server.health()).checks.nats!.reason))
    assert.ok((await storedEvents(postgres.url)) < day.events.length)
    rmSync(filling)
    await sending
    await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
    assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
  })
})

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(tmpdir())
  return bavail * bsize
}
