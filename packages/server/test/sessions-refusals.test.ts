import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { dataPaths } from '../src/process/data-directory.ts'
import { Api, checkProblem, chunk, type Json, posted, raw } from './support/api.ts'

let server: ChronicleProcess
let api: Api
before(async () => {
  server = await startChronicle({ env: { CHRONICLE_SESSIONS_MAX_CHUNK_SIZE: '64KB' } })
  api = new Api(server)
  assert.equal((await api.put('kept', 0, 'hello')).status, 201)
})
after(() => server.stop())

/** Nothing of what was refused is there. */
async function checkNothingKept(): Promise<void> {
  const { sessions } = (await api.json('/api/v1/sessions')) as { sessions: Json[] }
  assert.deepEqual(
    sessions.map(({ session_id, chunks }) => [session_id, chunks]),
    [['kept', 1]],
  )
}

const process = '/api/v1/chunks/process'
const good = chunk('new', 0, 'hello')
const without = (field: string) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== field))

/** Deeper than any stack: whoever looks inside by recursion fails. */
const deep = '['.repeat(60_000) + ']'.repeat(60_000)
const nested = (levels: number): Json => (levels === 1 ? {} : { inner: nested(levels - 1) })

test('every field that is not accepted is named, with its value and what is accepted', async () => {
  const cases: [body: unknown, code: string, detail: RegExp][] = [
    [
      without('chunk_index'),
      'sessions.invalid-chunk-index',
      /field: chunk_index, value: missing, accepted: .*whole number/,
    ],
    [{ ...good, chunk_index: -1 }, 'sessions.invalid-chunk-index', /value: -1/],
    [{ ...good, chunk_index: 1.5 }, 'sessions.invalid-chunk-index', /value: 1\.5/],
    [{ ...good, chunk_index: '0' }, 'sessions.invalid-chunk-index', /value: "0"/],
    [{ ...good, chunk_index: null }, 'sessions.invalid-chunk-index', /value: null/],
    [{ ...good, chunk_index: 2 ** 53 }, 'sessions.invalid-chunk-index', /9007199254740992/],
    [{ ...good, chunk_index: 1e300 }, 'sessions.invalid-chunk-index', /1e\+300/],
    [{ ...good, chunk_index: 2 ** 40 }, 'sessions.invalid-chunk-index', /1099511627776/],
    [without('session_id'), 'sessions.invalid-session-id', /session_id/],
    [{ ...good, session_id: 7 }, 'sessions.invalid-session-id', /7/],
    [{ ...good, session_id: '' }, 'sessions.invalid-session-id', /session/],
    [{ ...good, session_id: '../../vault/keys' }, 'sessions.invalid-session-id', /\.\./],
    [{ ...good, session_id: 'X'.repeat(86) }, 'sessions.invalid-session-id', /XXX/],
    [without('data'), 'sessions.invalid-chunk', /field: data, value: missing, accepted: .*base64/],
    [{ ...good, data: 17 }, 'sessions.invalid-chunk', /field: data, value: 17/],
    [{ ...good, data: 'a' }, 'sessions.invalid-chunk', /field: data/],
    [{ ...good, data: 'aGVsbG8' }, 'sessions.invalid-chunk', /field: data/],
    [{ ...good, data: 'aGVs bG8=' }, 'sessions.invalid-chunk', /field: data/],
    [{ ...good, data: '_-_-' }, 'sessions.invalid-chunk', /field: data/],
    [
      { ...good, data: `${'A'.repeat(20_000)}!AAA` },
      'sessions.invalid-chunk',
      /field: data, value: "text 0 of 20004 bytes/,
    ],
    [{ ...good, sha256: 'abc' }, 'sessions.invalid-chunk', /field: sha256, value: "abc", accepted: 64 hexadecimal/],
    [{ ...good, sha256: 5 }, 'sessions.invalid-chunk', /field: sha256/],
    [{ ...good, metadata: [1] }, 'sessions.invalid-chunk', /field: metadata/],
    [{ ...good, metadata: { long: 'm'.repeat(20_000) } }, 'sessions.invalid-chunk', /metadata/],
    [{ ...good, metadata: { long: 'm'.repeat(16_380) } }, 'sessions.invalid-chunk', /metadata/],
    [
      { ...good, surprise: 1 },
      'sessions.invalid-chunk',
      /field: surprise, value: 1, accepted: no field but session_id/,
    ],
    [{ ...good, metadata: nested(33) }, 'sessions.invalid-chunk', /metadata, accepted: at most 32 levels deep/],
    [`{"metadata":${deep},${JSON.stringify(good).slice(1)}`, 'sessions.invalid-chunk', /field: metadata/],
    [`{"surprise":${deep}}`, 'sessions.invalid-chunk', /field: surprise, value: a list/],
    [`{"session_id":"new","chunk_index":${deep}}`, 'sessions.invalid-chunk-index', /value: a list/],
    [`{"session_id":${deep}}`, 'sessions.invalid-session-id', /value: a list/],
    [deep, 'sessions.invalid-chunk', /the body, value: a list/],
    [[good], 'sessions.invalid-chunk', /the body/],
    ['null', 'sessions.invalid-chunk', /the body, value: null/],
    ['{"session_id":', 'server.bad-request', /field: body, accepted: JSON/],
    ['', 'server.bad-request', /field: body/],
  ]
  for (const [body, code, detail] of cases) {
    const problem = await api.problem(400, process, posted(body))
    assert.equal(problem.code, code, JSON.stringify(body).slice(0, 80))
    assert.match(String(problem.detail), detail)
  }
  await checkNothingKept()
})

test('the same in a path and in headers', async () => {
  for (const index of ['-1', '1.5', '1e3', '0x1', 'first', '%20', '9007199254740993', '99999999999999999999']) {
    const problem = await checkProblem(400, await api.put('new', index, 'hello'))
    assert.equal(problem.code, 'sessions.invalid-chunk-index', index)
    await api.problem(400, `/api/v1/sessions/kept/chunks/${index}`)
  }
  for (const id of ['..%2f..%2fvault', '.hidden', 'a%00b', 'X'.repeat(86)]) {
    assert.equal((await checkProblem(400, await api.put(id, 0, 'hello'))).code, 'sessions.invalid-session-id', id)
    assert.equal((await api.problem(400, `/api/v1/sessions/${id}`)).code, 'sessions.invalid-session-id', id)
  }
  const headers: [Record<string, string>, RegExp][] = [
    [{ 'x-chunk-sha256': 'zz' }, /field: x-chunk-sha256/],
    [{ 'content-digest': 'sha-256=:AAAA:' }, /field: content-digest/],
    [{ 'x-chunk-sha256': '0'.repeat(64), 'content-digest': `sha-256=:${'B'.repeat(43)}=:` }, /as content-digest says/],
    [{ 'x-chunk-metadata': '{"a"' }, /field: x-chunk-metadata/],
    [{ 'x-chunk-metadata': '[]' }, /field: x-chunk-metadata/],
  ]
  for (const [given, detail] of headers) {
    const problem = await checkProblem(400, await api.put('new', 0, 'hello', given))
    assert.match(String(problem.detail), detail)
  }
  await checkNothingKept()
})

test('what contradicts what is there', async () => {
  const wrong = { sha256: '0'.repeat(64) }
  assert.equal((await api.problem(422, process, posted({ ...good, ...wrong }))).code, 'sessions.hash-mismatch')
  await checkProblem(422, await api.put('new', 0, 'hello', { 'x-chunk-sha256': wrong.sha256 }))
  assert.equal((await checkProblem(409, await api.put('kept', 0, 'other'))).code, 'sessions.chunk-differs')
  assert.equal((await api.problem(409, process, posted(chunk('kept', 0, 'other')))).code, 'sessions.chunk-differs')
  assert.equal(await (await api.fetch('/api/v1/sessions/kept/chunks/0')).text(), 'hello')
  await checkNothingKept()
})

test('sessions and chunks that are not there', async () => {
  const session = '/api/v1/sessions/unknown'
  for (const path of [
    '',
    '/merkle-root',
    '/checkpoint',
    '/chunks/0',
    '/chunks/0/proof',
    '/consistency',
    '/tile/0/000',
  ]) {
    assert.equal((await api.problem(404, session + path)).code, 'sessions.session-not-found', path)
  }
  await api.problem(404, `${session}/finalize`, { method: 'POST' })
  await api.problem(404, `${session}?confirm=unknown`, { method: 'DELETE' })
  assert.equal((await api.problem(404, '/api/v1/sessions/kept/chunks/1')).code, 'sessions.chunk-not-found')
  await api.problem(404, '/api/v1/sessions/kept/chunks/1/proof')
  for (const tile of ['0/999', '0/0', '../../vault', '9/000', '0/000.p/0', '0/000.p/300', 'entries/-1', '%00']) {
    const response = await api.fetch(`/api/v1/sessions/kept/tile/${tile}`)
    assert.ok(response.status === 404 || response.status === 400, `${tile}: ${response.status}`)
  }
  for (const query of ['from=2', 'from=1&to=9', 'from=1&to=0', 'from=-1', 'from=x', 'from=1&from=2', 'to=1e1']) {
    await api.problem(400, `/api/v1/sessions/kept/consistency?${query}`)
  }
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'after=a&after=b']) {
    await api.problem(400, `/api/v1/sessions?${query}`)
  }
})

test('a gap at the end is named; a finalised session takes no more', async () => {
  for (const index of [0, 2, 5]) assert.equal((await api.put('gaps', index, 'x')).status, 201)
  const problem = await api.problem(409, '/api/v1/sessions/gaps/finalize', { method: 'POST' })
  assert.equal(problem.code, 'sessions.incomplete')
  assert.match(String(problem.detail), /\b1\b.*\b3\b.*\b4\b/)
  assert.equal((await api.problem(409, '/api/v1/sessions/gaps/chunks/5/proof')).code, 'sessions.not-covered')
  for (const index of [1, 3, 4]) assert.equal((await api.put('gaps', index, 'x')).status, 201)
  await api.json('/api/v1/sessions/gaps/finalize', { method: 'POST' })
  assert.equal((await checkProblem(409, await api.put('gaps', 6, 'x'))).code, 'sessions.finalized')
  await api.json('/api/v1/sessions/gaps?confirm=gaps', { method: 'DELETE' })
  assert.equal((await checkProblem(410, await api.put('gaps', 6, 'x'))).code, 'sessions.deleted')
})

test('what is too large is 413, announced or not, in either form', async () => {
  const large = Buffer.alloc(64 * 1024 + 1)
  assert.equal((await checkProblem(413, await api.put('new', 0, large))).code, 'sessions.chunk-too-large')
  assert.equal((await api.problem(413, process, posted(chunk('new', 0, large)))).code, 'sessions.chunk-too-large')
  const body = new ReadableStream({
    start(controller) {
      for (let piece = 0; piece < 40; piece++) controller.enqueue(new Uint8Array(4096))
      controller.close()
    },
  })
  const unannounced = { ...raw(''), body, duplex: 'half' } as RequestInit
  assert.equal((await api.problem(413, '/api/v1/sessions/new/chunks/0', unannounced)).code, 'sessions.chunk-too-large')
  const huge = posted(`{"data":"${'A'.repeat(200_000)}"}`)
  assert.equal((await api.problem(413, process, huge)).code, 'server.body-too-large')
  assert.equal((await api.put('new', 0, large.subarray(1))).status, 201)
  await api.json('/api/v1/sessions/new?confirm=new', { method: 'DELETE' })
})

test('batches that are none', async () => {
  const batch = '/api/v1/chunks/process-batch'
  assert.match(String((await api.problem(400, batch, posted({ chunks: [] }))).detail), /chunks.*1 to 100 chunks/)
  await api.problem(400, batch, posted({ chunks: Array.from({ length: 101 }, () => good) }))
  await api.problem(400, batch, posted({ chunks: 'x' }))
  await api.problem(400, batch, posted([good]))
  await api.problem(400, batch, posted({ chunks: [good], more: 1 }))
})

test('S4: bodies of another type are 415, other methods 404, and pages of other sites change nothing', async () => {
  await api.problem(415, process, {
    method: 'POST',
    body: 'session_id=a',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  await api.problem(415, process, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })
  await checkProblem(415, await api.put('other', 0, 'x', { 'content-type': 'image/png' }))
  await api.problem(404, process)
  const origin = { origin: 'http://evil.example' }
  const finalize = '/api/v1/sessions/kept/finalize'
  assert.equal(
    (await api.problem(403, finalize, { method: 'POST', headers: origin })).code,
    'server.origin-not-accepted',
  )
  assert.equal((await api.json('/api/v1/sessions/kept')).state, 'open')
})

test('S15: whatever is refused is in the audit log, once, also what never came to the sessions', {
  timeout: 20_000,
}, async () => {
  const lines = (): string[] => readFileSync(dataPaths(server.dataDir).audit, 'utf8').split('\n')
  const before = lines().length
  await api.problem(400, '/api/v1/sessions/kept', { method: 'DELETE' })
  await api.problem(400, process, posted('{"session_id":'))
  await api.problem(415, process, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })
  await api.problem(400, '/api/v1/sessions/kept/chunks/x')
  await api.problem(404, '/api/v1/sessions/kept/chunks/7')
  await api.json(
    `${process}-batch`,
    posted({
      chunks: [{ ...good, data: '!' }, chunk('kept', 1, 'x', { sha256: '0'.repeat(64) })],
    }),
  )
  const refusals = () =>
    lines()
      .slice(before - 1)
      .filter(line => line.includes('"outcome":"refused"'))
  while (refusals().length < 7) await new Promise(resolve => setTimeout(resolve, 10))
  const found = refusals().map(line => {
    const { action, details } = JSON.parse(line) as { action: string; details: Json }
    return [action, details.method, details.session, details.chunk, details.code].filter(Boolean).join(' ')
  })
  assert.deepEqual(found.sort(), [
    'sessions.chunk.process kept 1 sessions.hash-mismatch',
    'sessions.chunk.read kept 7 sessions.chunk-not-found',
    'sessions.request DELETE kept server.confirmation-missing',
    'sessions.request GET kept x sessions.invalid-chunk-index',
    'sessions.request POST chunks[0] sessions.invalid-chunk',
    'sessions.request POST server.bad-request',
    'sessions.request POST server.bad-request',
  ])
})

test('the longest session id, also in capital letters, and the deepest metadata', async () => {
  const id = 'X'.repeat(85)
  await api.json(process, posted(chunk(id, 0, 'hello', { metadata: nested(32) })))
  assert.equal(await (await api.fetch(`/api/v1/sessions/${id}/chunks/0`)).text(), 'hello')
  await api.json(`/api/v1/sessions/${id}/finalize`, { method: 'POST' })
})
