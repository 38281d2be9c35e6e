import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type RunningPostgres, startChronicle, startPostgres, withoutPostgres } from '@chronicle/testing'
import { type CommandResult, runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-cli-migrate-'))
const skip = withoutPostgres()
let postgres: RunningPostgres
before(async () => {
  if (!skip) postgres = await startPostgres()
})
beforeEach(() => {
  delete process.env.DATABASE_URL
})
after(async () => {
  await postgres?.stop()
  rmSync(scratch, { recursive: true, force: true })
})

/** Of a data directory; of the PostgreSQL behind `url` where there is one. */
function run(args: readonly string[], url?: string): Promise<CommandResult> {
  if (url !== undefined) process.env.DATABASE_URL = url
  return runCommand(['migrate', ...args])
}

test('the embedded database: checking makes nothing, migrating does, and does it once', async () => {
  const data = ['--data-dir', join(scratch, 'fresh')]
  const check = await run(['--check', ...data])
  assert.equal(check.code, 1)
  assert.match(check.stdout, /0001_tables {2}is missing\n[\s\S]*Nothing was changed\.\n$/)
  assert.ok(!existsSync(join(scratch, 'fresh')))
  const migrated = await run(data)
  assert.equal(migrated.code, 0, migrated.stderr)
  assert.match(migrated.stdout, /^Embedded PostgreSQL [\d.]+ in .*\n {2}✓ 0001_tables {2}applied now\n/)
  const again = JSON.parse((await run(['--dry-run', '--json', ...data])).stdout)
  assert.deepEqual([again.version, again.program, again.applied, again.missing], [again.program, again.program, [], []])
})

test('S32: a running server keeps its embedded database', async () => {
  const dataDir = join(scratch, 'served')
  const server = await startChronicle({ dataDir })
  const refused = await run(['--data-dir', dataDir])
  const check = await run(['--check', '--data-dir', dataDir])
  await server.stop()
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /A running server has the embedded database/)
  // It has not opened its tables yet, and looking for them needs no lock.
  assert.equal(check.code, 1)
  assert.ok(!existsSync(join(dataDir, 'observe', 'pg')))
})

test('a PostgreSQL behind DATABASE_URL is migrated, beside whoever else works with it', { skip }, async () => {
  const url = await postgres.createDatabase()
  const missing = await run(['--check'], url)
  assert.equal(missing.code, 1)
  assert.match(missing.stdout, /^PostgreSQL [\d.]+.*, database t\w+, user chronicle\n/)
  const done = JSON.parse((await run(['--json'], url)).stdout)
  assert.ok(done.applied.includes('0001_tables'))
  assert.deepEqual(done.missing, [])
  assert.match((await run([], url)).stdout, /applied before\n.*Nothing to do\.\n$/)
  assert.equal((await run(['--check'], url)).code, 0)
})

test('S32: no message has the password, whatever is wrong with the URL', { skip }, async () => {
  const good = new URL(postgres.url)
  const urls = ['?password=se%63ret4711', ':se%63ret4711@', ':12#secret4711@'].map(part =>
    part.startsWith('?')
      ? `postgres://chronicle@127.0.0.1:${good.port}/postgres${part}`
      : `postgres://chronicle${part}127.0.0.1:${good.port}/postgres`,
  )
  for (const url of [...urls, 'postgres://x:secret4711@127.0.0.1:1/x', 'mysql://x:secret4711@h/x']) {
    const { code, stdout, stderr } = await run([], url)
    assert.notEqual(code, 0)
    assert.doesNotMatch(stdout + stderr, /4711/)
    assert.match(stderr, /→ /)
  }
})
