/**
 * A swarm's day while its NATS is killed, paused, restarted and cut off. What agents of Kafka send goes on meanwhile, what NATS has acknowledged waits there,
 * and the health check says so. `SWARM_SEED=4711 npm test -- e2e/observe-nats` repeats the day.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutNatsServer, withoutPostgres } from '@chronicle/testing'
import { openHouse } from './observe/house.ts'
import { eventually } from './observe/server.ts'
import { differences, Load, recentDay, storedEvents, swarmSeed } from './observe/swarm.ts'

const skip = withoutPostgres() || withoutNatsServer()
const day = recentDay({ agents: 10, traces: 200, heartbeatEveryMs: 1_200_000, malformedRate: 0.01 })
const again = `again: SWARM_SEED=${swarmSeed}`

test('NATS is killed, paused, restarted and cut off: every event that it acknowledged is there once', {
  skip,
}, async t => {
  const { server, senders, nats, natsProxy: proxy, postgres } = await openHouse(t)
  const load = new Load(day, senders)
  for (const part of [0.2, 0.3]) {
    const sending = load.upTo(part)
    await nats.kill()
    await server.until('nats', 'warn')
    await nats.start()
    await sending
  }
  await server.until('nats', 'pass')

  await nats.pause()
  const sending = load.upTo(0.5)
  await eventually(async () => (await server.metric('events_total', 'inserted')) > 0.3 * day.events.length)
  nats.resume()
  await sending

  const further = load.upTo(0.7)
  proxy.cut()
  await further
  proxy.shut()
  await load.upTo(0.8)
  await server.until('nats', 'warn')
  assert.equal((await server.observeHealth()).sources.nats.state, 'connecting')
  proxy.open()
  await server.until('nats', 'pass')

  proxy.hold()
  await load.upTo(0.9)
  proxy.release()
  await load.upTo(1)
  await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
  assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
})
