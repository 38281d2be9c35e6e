import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { type Database, openDatabase } from '@chronicle/observe'
import {
  type ChronicleProcess,
  type RunningPostgres,
  SimScheduler,
  startChronicle,
  startPostgres,
  withoutPostgres,
} from '@chronicle/testing'
import { readMsMax } from '../src/http/observe/limits.ts'
import { failureToldMs, TablesReader } from '../src/http/observe/tables-reader.ts'
import { Api, checkProblem, type Json } from './support/api.ts'
import { eventually, posted, written } from './support/observe.ts'

const bufferMax = 30
const event = (n: number): Json => ({ trace_id: `t${n}`, event_type: 'task.created' })
const post = (api: Api, ...events: Json[]) => api.fetch('/api/v1/events', posted(events))

type HealthView = Json & {
  database: { state: string; failures_in_a_row: number; reason: string | null }
  sources: Record<string, { state: string }>
  alerts: { name: string }[]
}
const healthOf = async (api: Api) => (await api.json('/api/v1/health')) as HealthView

test('OD8: how observe is opens no database', async t => {
  const server = await startChronicle()
  t.after(() => server.stop())
  const api = new Api(server)
  const { checks, ...view } = await healthOf(api)
  assert.deepEqual(view, {
    status: 'pass',
    buffer_size: 0,
    buffer_max_size: 10_000,
    lag: {},
    database: { state: 'unused', failures_in_a_row: 0, reason: null },
    sources: {
      http: { state: 'accepting' },
      otlp: { state: 'accepting' },
      kafka: { state: 'reading' },
      nats: { state: 'off' },
    },
    alerts: [],
  })
  assert.ok(Object.keys(checks as Json).includes('tables'))
  assert.equal((await api.fetch('/api/v1/events/stream', { method: 'HEAD' })).status, 404)
  assert.ok(!existsSync(join(server.dataDir, 'observe')))
})

test('a disk that is full: what comes is refused and may come again, and the server says that it does not serve', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'chronicle-full-'))
  t.after(() => rmSync(dataDir, { recursive: true, force: true }))
  // A first start has to write.
  await (await startChronicle({ dataDir })).stop()
  const server = await startChronicle({ dataDir, env: { CHRONIK_DISK_FREE_MIN: '1TiB' } })
  t.after(() => server.stop())
  const api = new Api(server)
  for (const body of [event(1), {}]) {
    const response = await post(api, body)
    assert.equal(response.headers.get('retry-after'), '1')
    const problem = await checkProblem(503, response)
    assert.equal(problem.code, 'log.storage')
    assert.match(String(problem.detail), /reason: wal.disk-full/)
  }
  const health = (await api.json('/api/v1/health', {}, 503)) as HealthView
  assert.deepEqual([health.status, health.sources.http!.state], ['fail', 'refusing'])
})

describe('a database that is away', { skip: withoutPostgres() }, () => {
  let postgres: RunningPostgres
  let url: string
  let server: ChronicleProcess
  let api: Api
  before(async () => {
    postgres = await startPostgres()
    url = await postgres.createDatabase()
    const env = { DATABASE_URL: url, BATCH_FLUSH_INTERVAL_MS: '50', BUFFER_MAX_SIZE: `${bufferMax}` }
    server = await startChronicle({ env })
    api = new Api(server)
    assert.equal((await post(api, event(0))).status, 202)
    await written(api)
  })
  after(async () => {
    await server.stop()
    await postgres.stop()
  })

  test('S25: who asks while a table is locked is told so in time, and others are served meanwhile', async () => {
    const other: Database = await openDatabase({ url })
    const asked = Promise.withResolvers<Response>()
    await other.transaction(async queries => {
      await queries.script('lock table agent_metrics in access exclusive mode')
      asked.resolve(api.fetch('/api/v1/metrics/summary'))
      assert.equal((await api.fetch('/api/v1/traces')).status, 200)
      await asked.promise
    })
    await other.close()
    const response = await asked.promise
    assert.equal(response.headers.get('retry-after'), '1')
    const problem = await checkProblem(503, response)
    assert.equal(problem.code, 'observe.query-timeout')
    assert.equal((await api.fetch('/api/v1/metrics/summary')).status, 200)
  })

  test('who asks is told to come again, what comes is taken up to the buffer, and it all follows later', async () => {
    await postgres.kill('SIGINT')
    const response = await api.fetch('/api/v1/traces')
    assert.equal(response.headers.get('retry-after'), '1')
    assert.equal((await checkProblem(503, response)).code, 'observe.database-unavailable')
    assert.equal((await healthOf(api)).database.state, 'failing')

    const events = Array.from({ length: bufferMax }, (_, n) => event(n + 1))
    assert.equal((await post(api, ...events)).status, 202)
    const busy = await post(api, event(99))
    assert.equal(busy.headers.get('retry-after'), '1')
    assert.equal((await checkProblem(429, busy)).code, 'observe.busy')
    assert.equal((await checkProblem(413, await post(api, ...events, event(98)))).code, 'observe.too-many-events')
    await checkProblem(429, await post(api, event(99), { trace_id: '' }))
    await checkProblem(413, await post(api, ...events, event(98), { trace_id: '' }))
    assert.deepEqual(await api.json('/api/v1/dead-letters'), [], 'nothing of a request that is refused is kept')
    const health = await eventually(
      () => healthOf(api),
      ({ alerts }) => alerts.length === 2,
    )
    assert.deepEqual(
      [health.status, health.buffer_size, (health.lag as Json)['swarm.events'], health.sources.http!.state],
      ['warn', bufferMax, bufferMax, 'held'],
    )
    assert.deepEqual(health.alerts.map(({ name }) => name).sort(), ['buffer_full', 'write_failure'])
    assert.ok(health.database.failures_in_a_row >= 3 && health.database.reason !== null)
    assert.ok(!JSON.stringify(health).includes(postgres.password))

    await postgres.start()
    await written(api)
    const found = (await api.json('/api/v1/traces?limit=1000')) as unknown as Json[]
    assert.equal(found.length, bufferMax + 1)
    const after = await eventually(
      () => healthOf(api),
      ({ alerts }) => alerts.length === 0,
    )
    assert.deepEqual([after.database.state, after.sources.http!.state], ['open', 'accepting'])
    assert.equal((await post(api, event(99))).status, 202)
  })
})

test('S25: nobody waits for ever for a database that does not open', async () => {
  const clock = new SimScheduler(seededRandom(1))
  const opening = Promise.withResolvers<Database>()
  const reader = new TablesReader({ tables: { database: () => opening.promise, state: 'open' }, clock })
  const reading = reader.read(async () => 1)
  const refused = assert.rejects(reading, { code: 'observe.query-timeout', details: { afterMs: readMsMax } })
  await clock.advance(readMsMax)
  await refused
  assert.match(reader.failure!, /did not answer in time/)
  await clock.advance(failureToldMs)
  assert.equal(reader.failure, undefined)
  const read: Pick<Database, 'read'> = { read: work => work(undefined as never) }
  opening.resolve(read as Database)
  assert.equal(await reader.read(async () => 2), 2)
})

test('S25: tables that take long to open have not failed', async () => {
  const clock = new SimScheduler(seededRandom(1))
  const tables = { database: () => Promise.withResolvers<Database>().promise, state: 'opening' as const }
  const reader = new TablesReader({ tables, clock })
  const refused = assert.rejects(
    reader.read(async () => 1),
    { code: 'observe.tables-opening' },
  )
  await clock.advance(readMsMax)
  await refused
  assert.equal(reader.failure, undefined)
})
