import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { type CommandResult, runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-cli-session-'))
const chunks = Array.from({ length: 5 }, (_, at) => `chunk ${at} `.repeat(1000))
let server: ChronicleProcess
let dataDir: string
before(async () => {
  process.chdir(scratch)
  dataDir = join(scratch, 'data')
  server = await startChronicle({ dataDir })
  for (const [index, body] of chunks.entries()) {
    const url = `${base()}/api/v1/sessions/s1/chunks/${index}`
    const response = await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body })
    assert.ok(response.ok, await response.text())
  }
})
after(async () => {
  await server.stop()
  process.chdir(tmpdir())
  rmSync(scratch, { recursive: true, force: true })
})

function base(): string {
  return `http://127.0.0.1:${server.httpPort}`
}

function run(...args: readonly string[]): Promise<CommandResult> {
  return runCommand(args, { env: { CHRONICLE_URL: base(), CHRONICLE_VAULT_KEY_SOURCE: 'file' } })
}

async function done(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  assert.equal(code, 0, stdout + stderr)
  return stdout
}

test('sessions are listed, shown, read and closed', async () => {
  assert.match(await done('session', 'ls'), /^s1 +open +5 /m)
  assert.equal(JSON.parse(await done('session', 'show', 's1', '--json')).state, 'open')
  assert.equal(await done('session', 'get', 's1', '3'), chunks[3])
  await done('session', 'get', 's1', '3', '-o', 'third')
  assert.equal(readFileSync(join(scratch, 'third'), 'utf8'), chunks[3])
  assert.match(await done('session', 'finalize', 's1'), /\/sessions\/s1\n5\n/)
  assert.equal(JSON.parse(await done('session', 'finalize', 's1', '--json')).tree_size, 5)
  assert.match(await done('session', 'show', 's1'), /state +finalized/)
})

test('an exported session is verified elsewhere, and nothing of it can be changed', async () => {
  await done('session', 'export', 's1', 'exported', '--payload')
  const key = (await done('vault', 'export-public-key', '--data-dir', dataDir)).trim()
  assert.equal(readFileSync(join(scratch, 'exported', 'public-key.vkey'), 'utf8').trim(), key)
  assert.match(await done('verify', 'exported', '--key', key), /✓ 5 proofs and 5 payloads belong/)
  await done('verify', 'exported/proofs/4.tlog-proof', '--key', key, '--payload', 'exported/chunks/4')
  writeFileSync(join(scratch, 'exported', 'chunks', '4'), chunks[3]!)
  assert.equal((await run('verify', 'exported', '--key', key)).code, 1)
  const again = await run('session', 'export', 's1', 'exported')
  assert.equal(again.code, 1)
  assert.match(again.stderr, /it is not empty/)
})

test('a stored session is verified beside the running server, and a flipped bit in a chunk is found', async () => {
  const local = ['verify', 's1', '--data-dir', dataDir]
  assert.match(
    await done(...local),
    /✓ every chunk opens, has its hash, and is the one in the tree\n +all 5 of the tree/,
  )
  const object = join(dataDir, 'objects', 'sessions', 'chunks', 's1', '0000000002')
  const bytes = readFileSync(object)
  bytes[bytes.length - 200]! ^= 1
  writeFileSync(object, bytes)
  const { code, stdout } = await run(...local)
  assert.equal(code, 1)
  assert.match(stdout, /✗ not so: every chunk opens[\s\S]*chunks\/s1\/0000000002/)
})

test('the data key of a session is not rotated: it would be of no use', async () => {
  const before = await done('vault', 'keys', 'session/', '--data-dir', dataDir, '--json')
  await done('vault', 'rotate', '--all', '--data-dir', dataDir)
  const refused = await run('vault', 'rotate', 'session/s1', '--data-dir', dataDir)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /a session keeps its data key/)
  const after = await done('vault', 'keys', 'session/', '--data-dir', dataDir, '--json')
  const ids = (json: string) => JSON.parse(json).map((key: { id: string }) => key.id)
  assert.deepEqual(ids(after), ids(before))
})

test('refusals of the server are told, and so is a server that is not there', async () => {
  const unknown = await run('session', 'show', 'nope')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /404[\s\S]*sessions\.session-not-found/)
  const nobody = await run('session', 'ls', '--url', 'http://127.0.0.1:1')
  assert.equal(nobody.code, 1)
  assert.match(nobody.stderr, /No server answers at this URL/)
  assert.equal((await run('session', 'ls', '--url', 'nonsense')).code, 2)
})
