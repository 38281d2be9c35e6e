import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { leafDataOf, leafHash, parseChunkExtra, parseProof, verifyCheckpoint, verifyProof } from '@chronicle/vault'
import { Api, chunk, type Json, posted, raw, sha256 } from './support/api.ts'

let server: ChronicleProcess
let api: Api
before(async () => {
  server = await startChronicle()
  api = new Api(server)
})
after(() => server.stop())

const hex64 = /^[0-9a-f]{64}$/

test('a chunk in JSON: its receipt, the chunk back, and the same receipt again', async () => {
  const metadata = { camera: 'front', ünïcode: '→' }
  const body = chunk('json', 0, 'hello', { sha256: sha256('hello').toString('hex').toUpperCase(), metadata })
  const receipt = await api.json('/api/v1/chunks/process', posted(body))
  const { processing_ms, key_id, leaf_hash, stored_size, ...rest } = receipt
  assert.deepEqual(rest, {
    chunk_id: 'json/0',
    session_id: 'json',
    chunk_index: 0,
    plain_size: 5,
    sha256: sha256('hello').toString('hex'),
    leaf_index: 0,
    repeated: false,
  })
  assert.match(String(leaf_hash), hex64)
  assert.ok(Number(stored_size) > 5 && Number(processing_ms) >= 0 && String(key_id).length > 0)

  const again = await api.json('/api/v1/chunks/process', posted(body))
  assert.deepEqual({ ...again, processing_ms }, { ...receipt, repeated: true })

  const back = await api.fetch('/api/v1/sessions/json/chunks/0')
  assert.equal(await back.text(), 'hello')
  assert.equal(back.headers.get('content-type'), 'application/octet-stream')
  assert.equal(back.headers.get('content-length'), '5')
  assert.equal(back.headers.get('etag'), `"${sha256('hello').toString('hex')}"`)
  assert.equal(back.headers.get('content-digest'), `sha-256=:${sha256('hello').toString('base64')}:`)
  assert.deepEqual(JSON.parse(back.headers.get('x-chunk-metadata')!), metadata)
})

test('a chunk as raw bytes, larger than a buffer of a socket; both headers of its hash; 304 and HEAD', async () => {
  const bytes = randomBytes(3 << 20)
  const digest = { 'content-digest': `sha-512=:AAAA:, sha-256=:${sha256(bytes).toString('base64')}:` }
  const headers = { ...digest, 'x-chunk-sha256': sha256(bytes).toString('hex'), 'x-chunk-metadata': '{"n":1}' }
  const first = await api.put('raw', 0, bytes, headers)
  assert.equal(first.status, 201)
  const again = await api.put('raw', 0, bytes, headers)
  assert.equal(again.status, 200)
  assert.equal(((await again.json()) as Json).repeated, true)
  const posted = await api.fetch('/api/v1/sessions/raw/chunks/1', { ...raw(''), method: 'POST' })
  assert.equal(posted.status, 201)
  assert.equal(((await posted.json()) as Json).plain_size, 0)

  const back = await api.fetch('/api/v1/sessions/raw/chunks/0')
  assert.deepEqual(Buffer.from(await back.arrayBuffer()), bytes)
  assert.equal(back.headers.get('x-chunk-metadata'), '{"n":1}')
  const etag = back.headers.get('etag')!
  const known = await api.fetch('/api/v1/sessions/raw/chunks/0', { headers: { 'if-none-match': `"other", ${etag}` } })
  assert.equal(known.status, 304)
  const head = await api.fetch('/api/v1/sessions/raw/chunks/0', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, `${bytes.length}`])
  assert.equal(await (await api.fetch('/api/v1/sessions/raw/chunks/1')).text(), '')
})

type Batch = { succeeded: number; failed: number; results: { status: number; chunk?: Json; problem?: Json }[] }

test('a batch: a result for each, in order; one bad chunk fails alone', async () => {
  const large = randomBytes(100_000)
  const chunks = [
    chunk('batch', 2, 'two'),
    chunk('batch', 0, large),
    { ...chunk('batch', 1, 'one'), data: 'no base64!' },
    chunk('batch', 3, 'three', { sha256: '0'.repeat(64) }),
    chunk('batch', -1, 'x'),
    'no chunk',
    chunk('batch', 1, 'one'),
  ]
  const batch = (await api.json('/api/v1/chunks/process-batch', posted({ chunks }))) as Batch
  assert.deepEqual([batch.succeeded, batch.failed], [3, 4])
  assert.deepEqual(
    batch.results.map(({ status }) => status),
    [200, 200, 400, 422, 400, 400, 200],
  )
  assert.deepEqual(
    batch.results.map(({ chunk: receipt, problem }) => receipt?.chunk_index ?? problem?.code),
    [
      2,
      0,
      'sessions.invalid-chunk',
      'sessions.hash-mismatch',
      'sessions.invalid-chunk-index',
      'sessions.invalid-chunk',
      1,
    ],
  )
  assert.match(String(batch.results[2]!.problem!.detail), /field: data/)
  const back = await api.fetch('/api/v1/sessions/batch/chunks/0')
  assert.deepEqual(Buffer.from(await back.arrayBuffer()), large)
})

test('root, checkpoint, proofs, consistency and tiles of a session verify against the public key', async () => {
  const texts = ['first', 'second', 'third']
  for (const [index, text] of texts.entries()) assert.equal((await api.put('proved', index, text)).status, 201)
  const early = await api.json('/api/v1/sessions/proved/merkle-root')
  assert.deepEqual([early.session_id, early.tree_size], ['proved', 3])
  assert.match(String(early.merkle_root), hex64)
  assert.equal((await api.put('proved', 3, 'fourth')).status, 201)
  const final = await api.json('/api/v1/sessions/proved/finalize', { method: 'POST' })
  assert.deepEqual(await api.json('/api/v1/sessions/proved/finalize', { method: 'POST' }), final)
  assert.deepEqual(await api.json('/api/v1/sessions/proved/merkle-root'), final)

  const logKeys = [(await api.text('/api/v1/vkey')).trim()]
  const checkpoint = verifyCheckpoint(await api.text('/api/v1/sessions/proved/checkpoint'), { logKeys })
  assert.deepEqual([checkpoint.size, Buffer.from(checkpoint.root).toString('hex')], [4, final.merkle_root])
  for (const index of texts.keys()) {
    const response = await api.fetch(`/api/v1/sessions/proved/chunks/${index}/proof`)
    assert.match(response.headers.get('content-disposition')!, new RegExp(`filename="proved-${index}\\.tlog-proof"`))
    const text = await response.text()
    const leafData = leafDataOf(parseChunkExtra(parseProof(text).extra!))
    const proved = verifyProof(text, { leafData, logKeys })
    assert.deepEqual([proved.index, proved.size], [index, 4])
    const tile = Buffer.from(await (await api.fetch('/api/v1/sessions/proved/tile/0/000.p/4')).arrayBuffer())
    assert.deepEqual(tile.subarray(index * 32, index * 32 + 32), Buffer.from(leafHash(leafData)))
  }
  const consistency = await api.json('/api/v1/sessions/proved/consistency?from=3&to=4')
  assert.deepEqual([consistency.session_id, consistency.from, consistency.to], ['proved', 3, 4])
  assert.ok((consistency.hashes as string[]).every(hash => hex64.test(hash)))
  const partial = await api.fetch('/api/v1/sessions/proved/tile/0/000.p/4')
  assert.match(partial.headers.get('cache-control')!, /max-age=60/)
  assert.equal((await api.fetch('/api/v1/sessions/proved/tile/entries/000.p/4')).status, 200)
  await api.problem(404, '/api/v1/sessions/proved/tile/0/001')
})

test('full tiles are given out as files that never change', async () => {
  const chunks = (from: number) => Array.from({ length: 64 }, (_, at) => chunk('tiles', from + at, `${from + at}`))
  for (const from of [0, 64, 128, 192]) {
    const batch = (await api.json('/api/v1/chunks/process-batch', posted({ chunks: chunks(from) }))) as Batch
    assert.equal(batch.failed, 0)
  }
  await api.json('/api/v1/sessions/tiles/finalize', { method: 'POST' })
  const tile = await api.fetch('/api/v1/sessions/tiles/tile/0/000')
  assert.equal(tile.status, 200)
  assert.match(tile.headers.get('cache-control')!, /immutable/)
  assert.equal((await tile.arrayBuffer()).byteLength, 256 * 32)
})

test('sessions: one, all page by page, and deleted for good when asked twice', async () => {
  for (const name of ['page-a', 'page-b', 'page-c']) assert.equal((await api.put(name, 0, name)).status, 201)
  const session = await api.json('/api/v1/sessions/page-a')
  const { key_id, created_at, stored_size, ...rest } = session
  assert.deepEqual(rest, { session_id: 'page-a', state: 'open', chunks: 1, tree_size: 1, plain_size: 6 })
  assert.ok(!Number.isNaN(Date.parse(String(created_at))))
  const ids = async (query: string) => {
    const { sessions, next } = (await api.json(`/api/v1/sessions?${query}`)) as { sessions: Json[]; next?: string }
    return [sessions.map(({ session_id }) => session_id), next]
  }
  assert.deepEqual(await ids('after=page&limit=2'), [['page-a', 'page-b'], 'page-b'])
  assert.deepEqual((await ids('after=page-b&limit=1'))[0], ['page-c'])

  assert.equal(
    (await api.problem(400, '/api/v1/sessions/page-a', { method: 'DELETE' })).code,
    'server.confirmation-missing',
  )
  await api.problem(400, '/api/v1/sessions/page-a?confirm=page-b', { method: 'DELETE' })
  assert.equal((await api.json('/api/v1/sessions/page-a')).state, 'open')
  const root = await api.json('/api/v1/sessions/page-a/merkle-root')
  const deleted = await api.json('/api/v1/sessions/page-a?confirm=page-a', { method: 'DELETE' })
  assert.equal(deleted.state, 'deleted')
  assert.equal((await api.problem(410, '/api/v1/sessions/page-a/chunks/0')).code, 'sessions.deleted')
  assert.equal((await api.json('/api/v1/sessions/page-a/merkle-root')).merkle_root, root.merkle_root)
})

test('figures in JSON and in the text format of Prometheus, and the settings in force without a secret', async () => {
  const figures = await api.json('/metrics', { headers: { accept: 'application/json' } })
  assert.ok(Number(figures.chunks_processed) > 0)
  assert.deepEqual([figures.queue_length, figures.queue_size], [0, 1000])
  assert.match(await api.text('/metrics'), /^process_resident_memory_bytes \d+$/m)
  const config = (await api.json('/api/v1/config')) as { sessions: Json; settings: Json }
  assert.deepEqual(config.sessions, {
    max_workers: 10,
    queue_size: 1000,
    worker_timeout: 30,
    batch_size: 100,
    algorithm: 'AES-256-GCM',
    key_size: 256,
    nonce_size: 96,
    tag_size: 128,
    pbkdf2_iterations: 100000,
    max_chunk_size: 10 << 20,
    max_session_size: 100 * 2 ** 30,
    compression_enabled: true,
    compression_level: 6,
  })
  assert.equal(config.settings['vault.key-source'], 'file')
})
