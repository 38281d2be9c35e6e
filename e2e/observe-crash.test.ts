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
  /** What NATS has handed to a server that died comes again after half a minute: there one test waits for that, and for one that could not say goodbye. */
  test(`SIGKILL ${kills} times under load, with NATS and PostgreSQL: every event is there once`, {
    skip: withoutPostgres() || withoutNatsServer(),
  }, async t => {
    const { server, senders, postgres, natsProxy, postgresProxy } = await openHouse(t, { BUFFER_MAX_SIZE: '200' })
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
