import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { type ChronicleOptions, type ChronicleProcess, runChronicle, startChronicle } from '@chronicle/testing'
import { dataPaths } from '../src/process/data-directory.ts'
import { Api, type Json } from './support/api.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-sessions-start-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

/** A server that does not outlive a test that fails. */
async function start(t: TestContext, options: ChronicleOptions): Promise<ChronicleProcess> {
  const server = await startChronicle(options)
  t.after(() => server.stop())
  return server
}

const refuse = (dataDir: string, env: Record<string, string> = {}) =>
  runChronicle(['start', '--kafka-port', '0', '--http-port', '0', '--metrics-port', '0', '--data-dir', dataDir], {
    env: { CHRONIK_LOG_FORMAT: 'readable', ...env },
  })

test('S8: the first start makes a key file and says so; without it no start, and nothing new is made', async t => {
  const dataDir = join(scratch, 'file')
  const keyFile = join(dataDir, 'master.key')
  const first = await start(t, { dataDir })
  assert.match(first.stderr, /a new vault was made; copy its key file/)
  assert.ok(first.stderr.includes(keyFile))
  assert.equal(statSync(keyFile).mode & 0o777, 0o600)
  const api = new Api(first)
  assert.equal((await api.put('kept', 0, 'hello')).status, 201)
  const vkey = await api.text('/api/v1/vkey')
  const root = await api.json('/api/v1/sessions/kept/merkle-root')
  await first.stop()

  renameSync(keyFile, `${keyFile}.away`)
  const refused = await refuse(dataDir)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /master key is not where it was kept/)
  assert.ok(refused.stderr.includes(keyFile))
  assert.equal(existsSync(keyFile), false)
  renameSync(`${keyFile}.away`, keyFile)

  const second = await start(t, { dataDir })
  assert.doesNotMatch(second.stderr, /new vault/)
  const again = new Api(second)
  assert.equal(await (await again.fetch('/api/v1/sessions/kept/chunks/0')).text(), 'hello')
  assert.equal(await again.text('/api/v1/vkey'), vkey)
  assert.equal((await again.json('/api/v1/sessions/kept/merkle-root')).merkle_root, root.merkle_root)
  await second.stop()
})

test('S8: a passphrase that is wrong or missing is refused, and it is seen nowhere', async t => {
  const dataDir = join(scratch, 'passphrase')
  const passphrase = 'correct horse battery staple'
  const env = { CHRONICLE_PASSPHRASE: passphrase, CHRONICLE_VAULT_KEY_SOURCE: 'auto' }
  const server = await start(t, { dataDir, env })
  assert.match(server.stderr, /keep its passphrase/)
  const api = new Api(server)
  const config = await api.text('/api/v1/config', /^application\/json/)
  assert.match(config, /"vault.passphrase":"\*\*\*"/)
  await server.stop()
  assert.equal((server.stderr + config).includes(passphrase), false)
  assert.equal(existsSync(join(dataDir, 'master.key')), false)

  const wrong = await refuse(dataDir, { ...env, CHRONICLE_PASSPHRASE: 'another one' })
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /does not open this key store/)
  assert.equal(wrong.stderr.includes('another one'), false)
  const missing = await refuse(dataDir)
  assert.equal(missing.code, 1)
  assert.match(missing.stderr, /passphrase[\s\S]*CHRONICLE_PASSPHRASE/)
})

test('S7: the root of a finalised session is a record of the topic of roots', async t => {
  const dataDir = join(scratch, 'roots')
  const server = await start(t, { dataDir, env: { CHRONICLE_SESSIONS_ROOTS_TOPIC: 'my-roots' } })
  const api = new Api(server)
  const roots = new Map<string, Json>()
  for (const name of ['one', 'two']) {
    assert.equal((await api.put(name, 0, name)).status, 201)
    roots.set(name, await api.json(`/api/v1/sessions/${name}/finalize`, { method: 'POST' }))
  }
  const consumed = await runChronicle([
    'consume',
    'my-roots',
    '--from-beginning',
    '--max-messages',
    '2',
    '--format',
    'json',
    '--bootstrap',
    server.bootstrap,
  ])
  assert.equal(consumed.code, 0, consumed.stderr)
  const records = consumed.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { key: string; value: string })
  for (const { key, value } of records) assert.deepEqual(JSON.parse(value), roots.get(key))
  assert.deepEqual(records.map(({ key }) => key).sort(), ['one', 'two'])
  const audit = readFileSync(dataPaths(dataDir).audit, 'utf8')
  assert.match(audit, /finaliz/)
  await server.stop()
})

test('a chunk that was changed on the disk is a problem, or breaks the connection: nobody takes it for whole', async t => {
  const dataDir = join(scratch, 'changed')
  const server = await start(t, { dataDir })
  const api = new Api(server)
  const bytes = randomBytes(4 << 20)
  for (const index of [0, 1]) assert.equal((await api.put('changed', index, bytes)).status, 201)
  const files = globSync('**/changed/**', { cwd: dataPaths(dataDir).objects, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(file => statSync(file).size > bytes.length)
    .sort()
  assert.equal(files.length, 2)
  for (const [index, file] of files.entries()) {
    const stored = readFileSync(file)
    stored[index === 0 ? 3000 : stored.length >> 1]! ^= 1
    writeFileSync(file, stored)
  }
  const atTheBeginning = await api.problem(500, '/api/v1/sessions/changed/chunks/0')
  assert.equal(atTheBeginning.code, 'sessions.damaged')
  const inTheMiddle = await api.fetch('/api/v1/sessions/changed/chunks/1')
  assert.equal(inTheMiddle.status, 200)
  await assert.rejects(inTheMiddle.arrayBuffer())
})
