/**
 * A day of a swarm through NATS, topics of Kafka and HTTP at once, with duplicates, disorder and what is no event, into the real server: its tables are those
 * of the model, to the row. `SWARM_SEED=4711 npm test -- e2e/observe-day` repeats the day; `SWARM_TRACES=20000 SWARM_AGENTS=200` is a full one.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startNatsServer, startPostgres, withoutNatsServer, withoutPostgres } from '@chronicle/testing'
import { openSenders } from './observe/house.ts'
import { ObserveServer } from './observe/server.ts'
import { differences, Load, recentDay, swarmSeed } from './observe/swarm.ts'

const traces = Number(process.env.SWARM_TRACES ?? 200)
const agents = Number(process.env.SWARM_AGENTS ?? 20)
const day = recentDay({ agents, traces, heartbeatEveryMs: agents < 100 ? 600_000 : 60_000, malformedRate: 0.02 })
const again = `again: SWARM_SEED=${swarmSeed}`

test(`a swarm's day by all sources into PostgreSQL makes the tables of that day`, {
  skip: withoutPostgres() || withoutNatsServer(),
}, async t => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  const server = await send(t, { DATABASE_URL: postgres.url })
  assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
})

test(`a swarm's day by all sources into the embedded database makes the tables of that day`, {
  skip: withoutNatsServer(),
}, async t => {
  const server = await send(t, {})
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
  assert.deepEqual(await differences({ directory: join(server.dataDir, 'observe', 'pg') }, day), [], again)
})

async function send(t: TestContext, env: Record<string, string>): Promise<ObserveServer> {
  const nats = await startNatsServer()
  t.after(() => nats.stop())
  const server = await ObserveServer.start(t, { ...env, NATS_URL: nats.url })
  await server.until('nats', 'pass')
  const senders = await openSenders(t, server, nats)
  const load = new Load(day, senders)
  await load.upTo(1)
  await server.untilWritten(senders)
  assert.equal(
    await server.metric('dead_letters_total'),
    load.letters,
    `what is no event is a dead letter, and nothing else is; ${again}`,
  )
  return server
}
