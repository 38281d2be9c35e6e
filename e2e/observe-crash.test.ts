/**
 * A swarm's day while the server is killed with SIGKILL, again and again over the same data, with PostgreSQL and with the embedded database, which has to open again
 * each time. Everything that was acknowledged is in the tables once. `SWARM_SEED=4711 npm test -- e2e/observe-crash` repeats the day; `CRASH_KILLS=25` kills more often.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import { withoutNatsServer, withoutPostgres } from '@chronicle/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import { openHouse, openSenders } from './observe/house.ts'
import { eventually, ObserveServer } from './observe/server.ts'
import { differences, Load, recentDay, storedEvents, swarmSeed } from './observe/swarm.ts'

const kills = Number(process.env.CRASH_KILLS ?? 3)
/** From the moment at which the next events are sent. */
const momentMsMax = 400
const day = recentDay({ agents: 10, traces: 200, heartbeatEveryMs: 1_200_000, malformedRate: 0.01 })
const again = `again: SWARM_SEED=${swarmSeed}`

// They wait more than they work.
describe('a server that is killed', { concurrency: 2 }, () => {
  test(`SIGKILL ${kills} times under load, with NATS and PostgreSQL: every event is there once`, {
    skip: withoutPostgres() || withoutNatsServer(),
  }, async t => {
    const { server, senders, nats, postgres, natsProxy, postgresProxy } = await openHouse(t, { BUFFER_MAX_SIZE: '200' })
    const load = new Load(day, senders)
    await killUnder(load, server, 0.6)

    // With messages in hand that the log has no room for.
    postgresProxy.shut()
    const held = load.upTo(0.8)
    await eventually(async () => /held/.test((await server.health()).checks.nats!.reason))
    await server.kill()
    postgresProxy.open()
    await server.start()
    await held

    natsProxy.hold()
    postgresProxy.hold()
    const sending = load.upTo(1)
    await sleep(momentMsMax)
    assert.deepEqual(await server.stop(), { code: 0, signal: null }, `it ends although nobody answers\n${server.log}`)
    natsProxy.release()
    postgresProxy.release()
    await redeliverNow(nats.url)
    await server.start()
    await sending
    await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
    assert.deepEqual(await differences({ url: postgres.url }, day), [], again)
  })

  test(`SIGKILL ${kills} times under load, with the embedded database: it opens again, and every event is there once`, async t => {
    const server = await ObserveServer.start(t)
    const senders = await openSenders(t, server)
    const load = new Load(day, senders)
    await killUnder(load, server, 0.9)
    await load.upTo(1)
    await server.untilWritten(senders)
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
    assert.deepEqual(await differences({ directory: join(server.dataDir, 'observe', 'pg') }, day), [], again)
  })
})

/** NATS delivers again what it has handed to servers that died, half a minute after that: here at once. The next start sets the wait back. */
async function redeliverNow(url: string): Promise<void> {
  const client = await connect({ servers: url })
  const manager = await jetstreamManager(client)
  for await (const { config } of manager.streams.list()) {
    for await (const consumer of manager.consumers.list(config.name)) {
      await manager.consumers.update(config.name, consumer.name, { ack_wait: nanos(1_000) })
    }
  }
  // Each message in hand is older than that by then.
  await sleep(2_000)
  await client.close()
}

async function killUnder(load: Load, server: ObserveServer, part: number): Promise<void> {
  const { int } = seededRandom(swarmSeed)
  for (let kill = 1; kill <= kills; kill++) {
    const sending = load.upTo((kill / kills) * part)
    await sleep(int(momentMsMax))
    await server.kill()
    await server.start()
    await sending
  }
}
