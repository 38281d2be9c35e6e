import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { followersMax } from '../src/http/observe/stream.ts'
import { Api, type Json } from './support/api.ts'
import { eventually, posted, SseClient, written } from './support/observe.ts'

let server: ChronicleProcess
let api: Api
before(async () => {
  server = await startChronicle({ hasEmptyTables: true, env: { BATCH_FLUSH_INTERVAL_MS: '50' } })
  api = new Api(server)
})
after(() => server.stop())

const send = (...events: Json[]) => api.json('/api/v1/events', posted(events), 202)
const types = (events: readonly { data?: Json }[]) => events.map(({ data }) => data!.event_type)

test('events come as the tables get them, each to whoever asked for it', async () => {
  const clients = {
    all: await SseClient.open(api, ''),
    trace: await SseClient.open(api, '?trace_id=b'),
    source: await SseClient.open(api, '?source=kai&trace_id=a'),
    type: await SseClient.open(api, '?event_type=task.created'),
    types: await SseClient.open(api, '?event_type=task.*'),
  }
  await send(
    { trace_id: 'a', event_type: 'task.created', source: 'kai', metadata: { text: 'two\nlines, ünicode' } },
    { trace_id: 'a', event_type: 'tasks.more' },
    { trace_id: 'b', event_type: 'task.created.late', source: 'kai' },
    { trace_id: 'b', event_type: 'last', source: 'scout' },
  )
  const all = await clients.all.data(4)
  assert.deepEqual(types(all), ['task.created', 'tasks.more', 'task.created.late', 'last'])
  const { event_id, timestamp, ...rest } = all[0]!.data!
  assert.deepEqual(rest, {
    trace_id: 'a',
    source: 'kai',
    event_type: 'task.created',
    metadata: { text: 'two\nlines, ünicode' },
    is_dead_letter: false,
  })
  assert.ok(event_id && timestamp)
  assert.deepEqual(types(await clients.trace.data(2)), ['task.created.late', 'last'])
  assert.deepEqual(types(await clients.source.data(1)), ['task.created'])
  assert.deepEqual(types(await clients.type.data(1)), ['task.created'])
  assert.deepEqual(types(await clients.types.data(2)), ['task.created', 'task.created.late'])
  assert.equal((await api.json('/api/v1/traces/a')).span_count, 2, 'the tables have what was told')
  for (const client of Object.values(clients)) client.close()
})

test('who comes back goes on behind the last event that it saw, or is told that there is a gap', async () => {
  const stays = await SseClient.open(api, '')
  const first = await SseClient.open(api, '')
  await send({ trace_id: 'c', event_type: 'one' })
  const [seen] = await first.data(1)
  first.close()
  await send({ trace_id: 'c', event_type: 'two' }, { trace_id: 'd', event_type: 'three' })
  await stays.data(3)
  const again = await SseClient.open(api, '', seen!.id)
  assert.deepEqual(types(await again.data(2)), ['two', 'three'])
  const filtered = await SseClient.open(api, '?trace_id=d', seen!.id)
  assert.deepEqual(types(await filtered.data(1)), ['three'])
  for (const id of ['00000000-0', 'nonsense', `${seen!.id}0000`]) {
    const lost = await SseClient.open(api, '', id)
    const [gap] = await lost.data(1)
    assert.deepEqual([gap!.event, gap!.data], ['gap', { missed: null }])
    lost.close()
  }
  const fresh = await SseClient.open(api, '?trace_id=nobody')
  await eventually(
    async () => fresh.events.at(-1)?.id,
    id => id === stays.events.at(-1)!.id,
  )
  for (const client of [stays, again, filtered, fresh]) client.close()
})

test('an event that a source sends again is told once', async () => {
  const client = await SseClient.open(api, '?trace_id=twice')
  const event = { event_id: '0f8fad5b-d9cb-469f-a165-70867728950e', trace_id: 'twice', event_type: 'x' }
  await send(event, event)
  await written(api)
  await send(event)
  await written(api)
  await send({ trace_id: 'twice', event_type: 'y' })
  assert.deepEqual(types(await client.data(2)), ['x', 'y'])
  client.close()
})

test('what is asked wrongly is refused, and so is one client too many', async () => {
  for (const query of ['?event_type=*', '?event_type=ta*k', '?event_type=', '?trace=x', '?source=a&source=b']) {
    const problem = await api.problem(400, `/api/v1/events/stream${query}`)
    assert.match(String(problem.detail), /parameter: (event_type|trace|source), value: /, query)
  }
  const clients: SseClient[] = []
  while (clients.length < followersMax) clients.push(await SseClient.open(api, ''))
  const refused = await api.fetch('/api/v1/events/stream')
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
  assert.equal(((await refused.json()) as Json).code, 'server.too-many-followers')
  for (const client of clients) client.close()
  await Promise.all(clients.map(({ ended }) => ended))
})

test('S2: a stop of the server ends the streams in good order', async t => {
  const own = await startChronicle()
  t.after(() => own.stop())
  const client = await SseClient.open(new Api(own), '')
  const stopped = own.stop()
  assert.equal(await client.ended, true)
  assert.deepEqual(await stopped, { code: 0, signal: null })
})

test('metrics say what was posted, and how many follow', async () => {
  const value = async (metric: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)).text()
    return Number(
      text
        .split('\n')
        .find(line => line.startsWith(`${metric} `))
        ?.split(' ')
        .at(-1) ?? 0,
    )
  }
  const names = [
    'chronicle_observe_post_requests_total{status="202"}',
    'chronicle_observe_post_requests_total{status="413"}',
    'chronicle_observe_posted_events_total{outcome="taken"}',
    'chronicle_observe_posted_events_total{outcome="refused"}',
    'chronicle_observe_followers',
  ]
  const all = (): Promise<number[]> => Promise.all(names.map(value))
  const before = await all()
  const client = await SseClient.open(api, '')
  await api.fetch('/api/v1/events', posted([{ trace_id: 'm', event_type: 'x' }, {}]))
  await api.fetch('/api/v1/events', posted(' '.repeat(2 ** 23 + 1)))
  const since = async (): Promise<number[]> => (await all()).map((now, at) => now - before[at]!)
  await eventually(since, values => values.every(each => each === 1))
  client.close()
  await eventually(since, ([, , , , followers]) => followers === 0)
})
