/** The server with a secrets API: it runs while that is away, and never takes another database than the one that is named there. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startNatsServer, startPostgres, withoutNatsServer, withoutPostgres } from '@chronicle/testing'
import { openSenders } from './observe/house.ts'
import { eventually, ObserveServer } from './observe/server.ts'
import { differences, Load, recentDay, storedEvents, swarmSeed } from './observe/swarm.ts'

const day = recentDay({ agents: 5, traces: 60, heartbeatEveryMs: 1_800_000, malformedRate: 0.005 })

test('DATABASE_URL and NATS_URL come from Alexandria; while it is away events are accepted, and no other database is taken', {
  skip: withoutPostgres() || withoutNatsServer(),
}, async t => {
  const [postgres, nats] = await Promise.all([
    startPostgres(),
    startNatsServer({ args: ['--user', 'chronicle', '--pass', 'hunter2'] }),
  ])
  t.after(() => Promise.all([postgres.stop(), nats.stop()]))
  const natsUrl = nats.url.replace('//', '//chronicle:hunter2@')
  const secrets: Record<string, string> = { DATABASE_URL: postgres.url, NATS_URL: natsUrl }
  let isAway = true
  const api = createServer(({ url, headers, socket }, response) => {
    if (isAway) return void socket.resetAndDestroy()
    const name = /^\/api\/v1\/secrets\/(\w+)$/.exec(url!)?.[1] ?? ''
    if (headers.authorization !== 'Bearer t0ken') return void response.writeHead(401).end()
    response.end(JSON.stringify({ data: { name, value: secrets[name] } }))
  })
  t.after(() => api.close())
  await new Promise<void>(resolve => api.listen(0, '127.0.0.1', resolve))
  const { port } = api.address() as AddressInfo
  const server = await ObserveServer.start(t, { ALEXANDRIA_URL: `http://127.0.0.1:${port}`, ALEXANDRIA_TOKEN: 't0ken' })
  const senders = await openSenders(t, server, { url: natsUrl })
  const load = new Load(day, senders)
  await load.upTo(0.5)
  await eventually(() => server.hasAlert('write_failure'))
  const { status, checks } = await server.health()
  assert.deepEqual(
    [status, checks.secrets!.status, checks.observe!.status, checks.nats!.status],
    ['warn', 'warn', 'warn', 'warn'],
  )
  assert.match(checks.observe!.reason, /secrets API does not answer \(name: DATABASE_URL, reason: ECONNRESET\)/)
  assert.equal(existsSync(join(server.dataDir, 'observe', 'pg')), false, 'no embedded database is made')

  isAway = false
  await load.upTo(1)
  await eventually(async () => (await storedEvents(postgres.url)) >= day.events.length)
  assert.deepEqual(await differences({ url: postgres.url }, day), [], `again: SWARM_SEED=${swarmSeed}`)
  await server.until('secrets', 'pass')
  await server.until('nats', 'pass')
  assert.doesNotMatch(JSON.stringify([server.log, await server.health()]), /hunter2|t0ken|postgres:\/\//)
})
