import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Api, type Json } from './support/api.ts'
import { allPages, eventually, posted, written } from './support/observe.ts'
import { createTopics } from './support/records.ts'

const letters = '/api/v1/dead-letters'

let server: ChronicleProcess
let api: Api
before(async () => {
  server = await startChronicle({ hasEmptyTables: true, env: { BATCH_FLUSH_INTERVAL_MS: '100' } })
  api = new Api(server)
})
after(() => server.stop())

const post = { method: 'POST' }

test('none at first', async () => {
  assert.deepEqual(await allPages(api, letters), { rows: [], pages: 1 })
  assert.equal((await api.problem(404, `${letters}/0`)).code, 'observe.unknown-letter')
  assert.deepEqual(await api.json(`${letters}/replay`, post, 202), { taken: 0, refused: 0, results: [], before: null })
})

test('newest first, page by page, by reason, and each with what came', async () => {
  const bad = ['{}', '"text"', '{"trace_id":"x"}', 'no json', 'no json either'].join('\n')
  await api.fetch('/api/v1/events', posted(bad, { 'content-type': 'application/x-ndjson' }))
  const { rows, pages } = await allPages(api, `${letters}?limit=2`)
  assert.equal(pages, 3)
  assert.deepEqual(
    rows.map(({ offset, reason }) => [offset, reason]),
    [
      [4, 'not-json'],
      [3, 'not-json'],
      [2, 'missing-event-type'],
      [1, 'not-an-object'],
      [0, 'missing-trace-id'],
    ],
  )
  const notJson = await allPages(api, `${letters}?limit=2&reason=not-json`)
  assert.deepEqual(
    notJson.rows.map(({ offset }) => offset),
    [4, 3],
  )
  const { raw, raw_base64, ...letter } = await api.json(`${letters}/3`)
  assert.deepEqual([raw, raw_base64], ['no json', null])
  assert.deepEqual(letter, rows[1])
})

test('what is no text comes as base64', async () => {
  const bytes = Buffer.from([0xff, 0x00, 0x41])
  await api.fetch('/api/v1/events', posted(bytes, { 'content-type': 'application/x-ndjson' }))
  const [newest] = (await api.json(`${letters}?limit=1`)) as unknown as Json[]
  const letter = await api.json(`${letters}/${newest!.offset}`)
  assert.deepEqual([letter.reason, letter.raw, letter.raw_base64], ['not-utf8', null, bytes.toString('base64')])
})

test('OL6: a letter whose event can be taken by now is, once; the others say why not', async () => {
  // Too early when it came, and not any more when the letter is read.
  await createTopics(server, 1, 'swarm.task')
  const ahead = new Date(Date.now() + 86_400_000 + 3_000).toISOString()
  const event = { trace_id: 'early', event_type: 'task.created', timestamp: ahead }
  assert.equal((await api.fetch('/api/v1/events', posted(event))).status, 422)
  const [newest] = (await api.json(`${letters}?limit=1`)) as unknown as Json[]
  assert.equal(newest!.reason, 'clock')
  const replayed = await eventually(
    () => api.fetch(`${letters}/${newest!.offset}/replay`, post),
    ({ status }) => status === 202,
  )
  const { event_id } = (await replayed.json()) as Json
  assert.equal(event_id, newest!.id, 'an event without an id gets that of its letter')
  const all = await api.json(`${letters}/replay`, post, 202)
  assert.deepEqual([all.taken, all.refused, all.before], [1, 6, null])
  await written(api)
  assert.equal(((await api.json('/api/v1/traces/early')).spans as Json[]).length, 1)

  const refused = await api.problem(422, `${letters}/0/replay`, post)
  assert.equal(refused.code, 'observe.letter-refused')
  assert.match(String(refused.detail), /missing-trace-id/)
  const some = await api.json(`${letters}/replay?reason=not-json&limit=4`, post, 202)
  assert.deepEqual(
    (some.results as Json[]).map(({ offset, reason }) => [offset, reason]),
    [
      [4, 'not-json'],
      [3, 'not-json'],
    ],
  )
  assert.equal(some.before, 3)
})

test('what is asked wrongly is refused', async () => {
  for (const offset of ['x', '-1', '1.5', '99999999999999999999', '99']) {
    for (const path of [`${letters}/${offset}`, `${letters}/${offset}/replay`]) {
      const init = path.endsWith('replay') ? post : {}
      assert.equal((await api.problem(404, path, init)).code, 'observe.unknown-letter', path)
    }
  }
  assert.match(String((await api.problem(400, `${letters}?limit=101`)).detail), /parameter: limit.*1 to 100/)
  assert.match(String((await api.problem(400, `${letters}?before=x`)).detail), /parameter: before/)
  assert.match(String((await api.problem(400, `${letters}/replay?all=1`, post)).detail), /parameter: all/)
  const foreign = { ...post, headers: { origin: 'http://evil.example' } }
  assert.equal((await api.problem(403, `${letters}/replay`, foreign)).code, 'server.origin-not-accepted')
})
