import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { createTopics, produce } from './support/records.ts'

let server: ChronicleProcess
before(async () => {
  server = await startChronicle()
  await createTopics(server, 2, 'alpha', 'beta', 'gamma')
  await produce(server, 'beta', ['x', 'y'], 1)
})
after(() => server.stop())

const get = (path: string) => fetch(`http://127.0.0.1:${server.httpPort}${path}`)

/** A refusal: always application/problem+json, complete, and with the status of the answer. */
async function problem(path: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${server.httpPort}${path}`, init)
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/)
  const body = (await response.json()) as Record<string, unknown>
  assert.deepEqual(Object.keys(body).sort(), ['code', 'detail', 'remedy', 'status', 'title', 'type'])
  assert.equal(body.status, response.status)
  return body
}

test('health', async () => {
  const response = await get('/health')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const body = (await response.json()) as { status: string; checks: Record<string, { status: string }> }
  assert.equal(body.status, 'pass')
  assert.ok(Object.values(body.checks).every(check => check.status === 'pass'))
})

type Page = { topics: { name: string; records: number; partitions: object[] }[]; next?: string }

test('topics, page by page', async () => {
  const all = (await (await get('/api/v1/topics')).json()) as Page
  assert.deepEqual(
    all.topics.map(({ name }) => name),
    ['alpha', 'beta', 'gamma'],
  )
  assert.equal(all.next, undefined)
  const first = (await (await get('/api/v1/topics?limit=2')).json()) as Page
  assert.deepEqual([first.topics.length, first.next], [2, 'beta'])
  const second = (await (await get(`/api/v1/topics?limit=2&after=${first.next}`)).json()) as Page
  assert.deepEqual([second.topics.map(({ name }) => name), second.next], [['gamma'], undefined])
})

test('one topic, with where its partitions begin and end', async () => {
  const topic = (await (await get('/api/v1/topics/beta')).json()) as Page['topics'][number]
  assert.equal(topic.records, 2)
  assert.deepEqual(topic.partitions, [
    { partition: 0, logStartOffset: 0, highWatermark: 0, lastStableOffset: 0, records: 0 },
    { partition: 1, logStartOffset: 0, highWatermark: 2, lastStableOffset: 2, records: 2 },
  ])
})

test('every refusal is a problem with a code and a remedy', async () => {
  assert.equal((await problem('/nothing')).code, 'server.not-found')
  assert.equal((await problem('/api/v1/topics/none')).code, 'server.topic-not-found')
  assert.equal((await problem('/api/v1/topics?limit=0')).code, 'server.bad-request')
  assert.equal((await problem('/api/v1/topics?limit=1e9')).status, 400)
  assert.equal((await problem('/api/v1/topics/%ff')).status, 400)
  assert.equal((await problem('/health', { method: 'POST' })).status, 404)
  assert.equal((await problem(`/api/v1/topics/${'x'.repeat(251)}`)).status, 400)
  assert.equal((await problem(`/api/v1/topics/${'x'.repeat(766)}`)).status, 414)
  const headers = { 'content-type': 'application/json' }
  assert.equal((await problem('/', { method: 'POST', headers, body: '{' })).status, 400)
  assert.equal((await problem('/', { method: 'POST', headers, body: `"${'x'.repeat(2 ** 20)}"` })).status, 413)
})

test('S4: a name that is not this machine’s is turned away, and no other site gets leave to read', async () => {
  for (const host of ['evil.example.org', `evil.example.org:${server.httpPort}`, 'localhost.evil.org']) {
    const status = await new Promise(resolve => {
      request({ port: server.httpPort, host: '127.0.0.1', path: '/api/v1/topics', headers: { host } })
        .on('response', response => resolve(response.resume().statusCode))
        .end()
    })
    assert.equal(status, 403, host)
  }
  const response = await fetch(`http://localhost:${server.httpPort}/`, { headers: { origin: 'http://evil.org' } })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('access-control-allow-origin'), null)
})

test('bytes that are no HTTP are answered with a problem too', async () => {
  const answer = await new Promise<string>(resolve => {
    let said = ''
    const socket = connect(server.httpPort, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'))
    socket.on('data', piece => {
      said += piece
    })
    socket.on('close', () => resolve(said))
  })
  assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*server\.bad-request/)
})

test('the first page says where everything is', async () => {
  const response = await get('/')
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  const page = await response.text()
  const places = [
    `127.0.0.1:${server.kafkaPort}`,
    `:${server.metricsPort}/metrics`,
    server.dataDir,
    '/api/v1/openapi.json',
  ]
  for (const place of places) assert.ok(page.includes(place), place)
})

test('metrics in the text format of Prometheus', async () => {
  const response = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  const text = await response.text()
  assert.match(text, /^process_resident_memory_bytes \d+$/m)
  assert.match(text, /^chronicle_log_partitions 6$/m)
  for (const line of text.split('\n').filter(each => each !== '')) {
    assert.match(line, /^(#|[a-zA-Z_:][\w:]*(\{.*\})? (-?[\d.e+-]+|NaN|\+Inf)$)/)
  }
  const elsewhere = await fetch(`http://127.0.0.1:${server.metricsPort}/`)
  assert.equal(elsewhere.status, 404)
})

test('the OpenAPI document is complete: every reference leads somewhere, every operation says what it answers', async () => {
  const response = await get('/api/v1/openapi.json')
  const document = (await response.json()) as {
    openapi: string
    info: { version: string }
    paths: Record<
      string,
      Record<string, { summary?: string; operationId?: string; responses: Record<string, { description?: string }> }>
    >
  }
  assert.match(document.openapi, /^3\.1\./)
  const session = '/api/v1/sessions/{session_id}'
  const operations = Object.entries(document.paths).flatMap(([path, each]) =>
    Object.keys(each).map(m => `${m} ${path}`),
  )
  assert.deepEqual(
    operations.sort(),
    [
      'get /health',
      'get /metrics',
      'get /api/v1/config',
      'get /api/v1/topics',
      'get /api/v1/topics/{name}',
      'get /api/v1/vkey',
      'post /v1/traces',
      'get /api/v1/health',
      'get /api/v1/events',
      'post /api/v1/events',
      'get /api/v1/events/stream',
      'get /api/v1/traces',
      'get /api/v1/traces/{trace_id}',
      'get /api/v1/metrics/summary',
      'get /api/v1/metrics/{agent_id}/latest',
      'get /api/v1/dead-letters',
      'get /api/v1/dead-letters/{offset}',
      'post /api/v1/dead-letters/replay',
      'post /api/v1/dead-letters/{offset}/replay',
      'get /api/v1/observe/replay',
      'post /api/v1/observe/replay',
      'delete /api/v1/observe/replay',
      'post /api/v1/observe/replay/swap',
      'post /api/v1/chunks/process',
      'post /api/v1/chunks/process-batch',
      'get /api/v1/sessions',
      `get ${session}`,
      `delete ${session}`,
      `post ${session}/finalize`,
      `get ${session}/merkle-root`,
      `get ${session}/checkpoint`,
      `get ${session}/consistency`,
      `get ${session}/tile/{rest}`,
      `put ${session}/chunks/{chunk_index}`,
      `post ${session}/chunks/{chunk_index}`,
      `get ${session}/chunks/{chunk_index}`,
      `head ${session}/chunks/{chunk_index}`,
      `get ${session}/chunks/{chunk_index}/proof`,
    ].sort(),
  )
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      assert.ok(operation.summary, path)
      assert.match(operation.operationId ?? '', /^[a-z][A-Za-z]+$/, path)
      assert.ok(Object.keys(operation.responses).length > 0, path)
      for (const answer of Object.values(operation.responses)) assert.ok(answer.description, path)
    }
  }
  const names = Object.values(document.paths).flatMap(each => Object.values(each).map(({ operationId }) => operationId))
  assert.equal(new Set(names).size, names.length)
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(match => match[1]!)
  assert.ok(references.length > 0)
  for (const reference of references) {
    assert.match(reference, /^#\//)
    const target = reference
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], document)
    assert.ok(target, reference)
  }
})
