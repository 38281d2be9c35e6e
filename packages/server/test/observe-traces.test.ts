import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  type ChronicleProcess,
  type RunningPostgres,
  startChronicle,
  startPostgres,
  withoutPostgres,
} from '@chronicle/testing'
import { Api, type Json } from './support/api.ts'
import { allPages, posted, written } from './support/observe.ts'

const eventNames = [
  'event_id',
  'trace_id',
  'source',
  'event_type',
  'timestamp',
  'metadata',
  'is_dead_letter',
  'created_at',
]
const second = 1_000
const now = Date.now()

/** A task of `agent` that begins `agoMs` before now. */
function task(traceId: string, agent: string, agoMs: number, end = 'task.completed'): Json[] {
  const at = (ms: number) => new Date(now - agoMs + ms).toISOString()
  const event = (event_type: string, ms: number, metadata: Json = {}) => ({
    trace_id: traceId,
    source: 'dispatch',
    event_type,
    timestamp: at(ms),
    metadata,
  })
  return [
    event('task.created', 0, { title: `Task ${traceId}`, owner: `owner of ${agent}` }),
    event('task.assigned', 10, { agent }),
    event('task.started', 20),
    event(end, 120, { error: 'broken' }),
  ]
}

const databases = [
  { name: 'embedded', skip: false as const },
  { name: 'PostgreSQL', skip: withoutPostgres() },
]

for (const { name, skip } of databases) {
  describe(`what is asked of the tables over HTTP: ${name}`, { skip }, () => {
    let postgres: RunningPostgres | undefined
    let server: ChronicleProcess
    let api: Api
    before(async () => {
      if (name === 'PostgreSQL') postgres = await startPostgres()
      const url = postgres && { DATABASE_URL: await postgres.createDatabase() }
      server = await startChronicle({ hasEmptyTables: true, env: { BATCH_FLUSH_INTERVAL_MS: '100', ...url } })
      api = new Api(server)
      const tasks = Array.from({ length: 7 }, (_, n) => task(`t${n}`, n % 2 ? 'kai' : 'scout', (60 - n) * second))
      const failed = task('a/b c?', 'kai', 30 * second, 'task.failed')
      const beat = { trace_id: 'beats', event_type: 'agent.heartbeat', source: 'kai' }
      const beats = [{ ...beat, metadata: { uptime_ms: 1000, busy_ms: 250 } }]
      await api.json('/api/v1/events', posted([...tasks.flat(), ...failed, ...beats]), 202)
      await written(api)
    })
    after(async () => {
      await server.stop()
      await postgres?.stop()
    })

    test('events of a trace, in the order of their times, page by page', async () => {
      const { rows, pages } = await allPages(api, '/api/v1/events?trace_id=t3&limit=2')
      assert.equal(pages, 2)
      assert.deepEqual(
        rows.map(({ event_type }) => event_type),
        ['task.created', 'task.assigned', 'task.started', 'task.completed'],
      )
      assert.deepEqual(Object.keys(rows[0]!), eventNames)
      assert.deepEqual((await allPages(api, '/api/v1/events?trace_id=nobody')).rows, [])
    })

    test('traces, newest first, page by page, and by every filter', async () => {
      const ids = async (query: string) => (await allPages(api, `/api/v1/traces${query}`)).rows.map(row => row.trace_id)
      assert.deepEqual(await ids('?limit=3'), ['beats', 'a/b c?', 't6', 't5', 't4', 't3', 't2', 't1', 't0'])
      assert.deepEqual(await ids('?status=failed'), ['a/b c?'])
      assert.deepEqual(await ids('?status=completed&agent=kai&limit=1'), ['t5', 't3', 't1'])
      assert.deepEqual(await ids('?owner=owner+of+kai&limit=2'), ['a/b c?', 't5', 't3', 't1'])
      const since = new Date(now - 56 * second).toISOString()
      const until = new Date(now - 54 * second).toISOString()
      assert.deepEqual(await ids(`?since=${since}&until=${until}&limit=1`), ['t5', 't4'])
      // The plus sign of an offset that nobody encoded.
      assert.deepEqual(await ids(`?since=${since.replace('Z', '+00:00')}&until=${until}`), ['t5', 't4'])
      assert.deepEqual(await ids('?agent=nobody'), [])
    })

    test('one trace with all its spans, whatever characters its id has', async () => {
      const trace = await api.json(`/api/v1/traces/${encodeURIComponent('a/b c?')}`)
      const { spans, ...row } = trace as Json & { spans: Json[] }
      assert.deepEqual(
        [
          row.trace_id,
          row.status,
          row.assigned_agent,
          row.duration_ms,
          row.time_to_pickup_ms,
          row.span_count,
          row.error,
        ],
        ['a/b c?', 'failed', 'kai', 100, 10, 4, 'broken'],
      )
      assert.equal(spans.length, 4)
      assert.deepEqual(Object.keys(spans[0]!), eventNames)
    })

    test('of a trace with more spans than asked for, the Link leads to the rest', async () => {
      const response = await api.fetch('/api/v1/traces/t1?limit=3')
      const { spans } = (await response.json()) as { spans: Json[] }
      const next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link')!)![1]!
      const { rows } = await allPages(api, next)
      const whole = (await api.json('/api/v1/traces/t1')).spans
      assert.deepEqual([...spans, ...rows], whole)
      assert.equal((await api.fetch('/api/v1/traces/t1')).headers.get('link'), null)
    })

    test('the newest day of an agent, and all agents of a day', async () => {
      const latest = await api.json('/api/v1/metrics/kai/latest')
      assert.equal(latest.utilization_pct, 25)
      const day = latest.metric_date
      const { rows, pages } = await allPages(api, `/api/v1/metrics/summary?day=${day}&limit=1`)
      assert.deepEqual(
        rows.map(row => row.agent_id),
        ['kai', 'scout'].slice(0, rows.length),
      )
      assert.equal(pages, rows.length)
      assert.deepEqual(rows[0], latest)
      assert.deepEqual((await allPages(api, '/api/v1/metrics/summary?day=1999-01-01')).rows, [])
      const today = new Date().toISOString().slice(0, 10)
      const summary = (await allPages(api, '/api/v1/metrics/summary')).rows
      assert.ok(summary.every(row => row.metric_date === today))
    })

    test('rows have the members that the OpenAPI document names', async () => {
      type Document = { components: { schemas: Record<string, { required: string[] }> } }
      const { components } = (await api.json('/api/v1/openapi.json')) as Document
      const trace = (await api.json('/api/v1/traces/t1')) as Json & { spans: Json[] }
      const shown = {
        Trace: (await allPages(api, '/api/v1/traces')).rows[0]!,
        TraceWithSpans: trace,
        SwarmEvent: trace.spans[0]!,
        AgentDay: await api.json('/api/v1/metrics/kai/latest'),
        ObserveHealth: await api.json('/api/v1/health'),
      }
      for (const [name, row] of Object.entries(shown)) {
        assert.deepEqual(Object.keys(row).sort(), components.schemas[name]!.required.toSorted(), name)
      }
    })

    test('what is not known is 404, with what to do', async () => {
      for (const path of ['traces/nobody', `traces/${'x'.repeat(256)}`, 'traces/%00', 'traces/x%00']) {
        assert.equal((await api.problem(404, `/api/v1/${path}`)).code, 'observe.unknown-trace')
      }
      assert.equal((await api.problem(404, '/api/v1/metrics/nobody/latest')).code, 'observe.unknown-agent')
      // 255 bytes, each percent-encoded, are an id like any other.
      assert.equal((await api.problem(404, `/api/v1/traces/${'%78'.repeat(255)}`)).code, 'observe.unknown-trace')
    })

    test('a parameter that is not accepted is named, with its value and what is', async () => {
      const cases: [string, RegExp][] = [
        ['events', /parameter: trace_id, value: missing, accepted: a text/],
        ['events?trace_id=', /parameter: trace_id, value: "", accepted/],
        ['events?trace_id=%00', /parameter: trace_id/],
        [`events?trace_id=${'x'.repeat(256)}`, /parameter: trace_id, value: "x+…, accepted: a text of 1 to 255 bytes/],
        ['events?trace_id=t1&limit=1001', /parameter: limit, value: "1001", accepted: a whole number, 1 to 1000/],
        ['traces?limit=0', /parameter: limit, value: "0"/],
        ['traces?limit=ten', /parameter: limit, value: "ten"/],
        ['traces?limit=1&limit=2', /parameter: limit, value: a list/],
        ['traces?status=done', /parameter: status, value: "done", accepted: one of pending, assigned/],
        ['traces?stauts=failed', /parameter: stauts, value: "failed", accepted: no parameter but status, agent/],
        ['traces?since=yesterday', /parameter: since, value: "yesterday", accepted: a time of RFC 3339/],
        ['traces?until=2026-02-30T00:00:00Z', /parameter: until/],
        ['traces/t1?limit=0', /parameter: limit/],
        ['traces/t1?status=failed', /parameter: status/],
        ['metrics/kai/latest?day=2026-11-20', /accepted: no parameter\)/],
        ['metrics/summary?day=2026-02-30', /parameter: day, value: "2026-02-30", accepted: a day \(UTC\)/],
        ['metrics/summary?day=today', /parameter: day/],
        ['health?verbose', /parameter: verbose/],
      ]
      for (const [path, detail] of cases) {
        assert.match(String((await api.problem(400, `/api/v1/${path}`)).detail), detail, path)
      }
      for (const path of ['traces', 'metrics/summary', 'events?trace_id=t1']) {
        const joint = path.includes('?') ? '&' : '?'
        for (const cursor of [
          '',
          'x',
          Buffer.from('{"at":"2026-02-30T00:00:00.000000Z","id":"\\u0000"}').toString('base64url'),
        ]) {
          const problem = await api.problem(400, `/api/v1/${path}${joint}cursor=${cursor}`)
          assert.equal(problem.code, 'observe.invalid-cursor')
        }
      }
    })
  })
}
