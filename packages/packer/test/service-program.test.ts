import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runChronicle } from '@chronicle/testing'
import { openRingWriter } from '../src/index.ts'
import { event, eventStream } from './intake-support.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-packer-program-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const metricNames = [
  'chronicle_events_processed_total counter',
  'chronicle_events_failed_total counter',
  'chronicle_processing_duration_seconds histogram',
  'chronicle_files_created_total counter',
  'chronicle_bytes_processed_total counter',
  'chronicle_storage_duration_seconds histogram',
  'chronicle_memory_usage_bytes gauge',
  'chronicle_cpu_usage_percent gauge',
  'chronicle_disk_usage_bytes gauge',
  'chronicle_ring_buffer_size_bytes gauge',
  'chronicle_ring_buffer_utilization_percent gauge',
  'chronicle_ring_buffer_errors_total counter',
  'chronicle_storage_errors_total counter',
  'chronicle_encryption_errors_total counter',
]

/** A packer with everything in a directory of its own. */
function installation(name: string, more = '') {
  const home = join(scratch, name)
  mkdirSync(home)
  const [base, ring, log] = [join(home, 'archive'), join(home, 'ring'), join(home, 'packer.log')]
  const file = join(home, 'packer.toml')
  const settings = {
    'storage.base_path': base,
    // The events of these tests are older than any retention.
    'storage.retention_days': 0,
    'ring_buffer.path': ring,
    'ring_buffer.size': 1024 * 1024,
    'metrics.port': 0,
    'encryption.key_source': 'file',
    'logging.file_path': log,
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
  writeFileSync(file, `${lines.join('\n')}\n${more}`)
  const packer = (...args: string[]) =>
    runChronicle(['packer', '--config', file, ...args], { env: { HOME: home, XDG_CONFIG_HOME: join(home, 'config') } })
  return { home, base, ring, log, packer }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(each => each.isFile())
    .map(each => each.name)
}

async function writeEvents(ring: string, from: number, count: number): Promise<void> {
  const writer = await openRingWriter({ path: ring })
  const rows = Array.from({ length: count }, (_, at) => event(from + at))
  assert.equal(await writer.write('events', eventStream(rows), 1000), true)
  writer.close()
}

test('PS3: in the background, from start to stop: two at once, a run, status, health, metrics', async () => {
  const { home, base, ring, log, packer } = installation('daemon')
  const pidFile = join(home, 'packer.pid')
  const started = await packer('--daemon', '--pid-file', pidFile, 'start')
  assert.equal(started.code, 0, started.stderr)
  const pid = readFileSync(pidFile, 'utf8').trim()
  try {
    const second = await packer('start')
    assert.equal(second.code, 1)
    assert.match(second.stderr, /Another packer works on this archive/)
    assert.match(second.stderr, new RegExp(`pid +${pid}\\b`))

    await writeEvents(ring, 0, 100)
    const dry = await packer('process', '--dry-run', '--json')
    assert.equal(dry.code, 0, dry.stderr)
    assert.equal(JSON.parse(dry.stdout).eventsProcessed, 100)
    assert.deepEqual(filesBelow(join(base, 'parquet')), [], 'a dry run writes nothing')
    const run = await packer('process', '--json')
    assert.equal(run.code, 0, run.stderr)
    assert.equal(JSON.parse(run.stdout).eventsProcessed, 100)
    assert.equal(run.stderr, '', 'no progress bar in a pipe')
    const [name] = filesBelow(join(base, 'parquet'))
    assert.match(name ?? '', /^events_\d{8}_\d{6}\.parquet$/)
    assert.equal(JSON.parse((await packer('process', '--json')).stdout).eventsProcessed, 0)

    const status = JSON.parse((await packer('status', '--json')).stdout)
    assert.equal(`${status.pid}`, pid)
    assert.equal(status.backlogBytes, 0)
    assert.equal(statSync(join(base, 'metadata/packer.sock')).mode & 0o777, 0o600)
    const health = JSON.parse((await packer('health', '--json')).stdout)
    assert.deepEqual(Object.keys(health.checks), ['ring', 'disk', 'keys', 'last_run'])
    assert.equal(health.checks.last_run.status, 'ok')
    const served = await (await fetch(status.metrics)).text()
    for (const each of metricNames) assert.ok(served.includes(`# TYPE ${each}\n`), each)
    assert.match(served, /^chronicle_events_processed_total 100$/m)
    const overHttp = await fetch(status.metrics.replace('/metrics', '/health'))
    assert.equal(overHttp.status, health.status === 'failing' ? 503 : 200)
    const out = join(home, 'metrics.json')
    assert.equal((await packer('metrics', '--format', 'json', '--output', out)).code, 0)
    assert.ok(Array.isArray(JSON.parse(readFileSync(out, 'utf8'))))
  } finally {
    const stopped = await packer('stop')
    assert.equal(stopped.code, 0, stopped.stderr)
  }
  assert.equal(existsSync(pidFile), false)
  const runs = readFileSync(log, 'utf8')
    .split('\n')
    .filter(line => line.includes('"message":"run finished"'))
    .map(line => JSON.parse(line))
  assert.equal(runs[0].events_processed, 100)
  for (const name of ['timestamp', 'level', 'message', 'files_created', 'bytes_processed', 'duration_ms']) {
    assert.ok(name in runs[0], name)
  }
  const asked = await packer('status')
  assert.equal(asked.code, 1)
  assert.match(asked.stderr, /No packer runs on this archive/)
})

test('without a running packer `process` does the run itself, up to a day when told so', async () => {
  const { base, ring, packer } = installation('once')
  assert.equal((await packer('process')).code, 0, 'the ring is made')
  const day = 86_400_000
  await writeEvents(ring, 0, 10)
  await writeEvents(ring, day, 10)
  const first = await packer('process', '--date', '2026-09-21', '--json')
  assert.equal(first.code, 0, first.stderr)
  assert.equal(JSON.parse(first.stdout).eventsProcessed, 10)
  const rest = await packer('process', '--cleanup', '--json')
  assert.equal(JSON.parse(rest.stdout).eventsProcessed, 10)
  assert.equal(filesBelow(join(base, 'parquet')).length, 2)
})

test('a setting that is not accepted is named with its value and what is', async () => {
  const cases = [
    ['scheduling.daily_tme = "03:00"', /daily_tme[\s\S]*daily_time/],
    ['scheduling.daily_time = "25:00"', /daily_time[\s\S]*25:00[\s\S]*00:00 to 23:59/],
    ['scheduling.timezone = "Mars/Base"', /Mars\/Base[\s\S]*IANA/],
    ['storage.compression_level = "six"', /compression_level[\s\S]*six[\s\S]*whole number/],
    ['ring_buffer.backpressure_threshold = 1.5', /1\.5[\s\S]*0\.01 to 1/],
    ['storage.parquet.bloom_filter.columns = ["nope"]', /nope[\s\S]*window_title/],
  ] as const
  for (const [at, [line, message]] of cases.entries()) {
    const { code, stderr } = await installation(`refused-${at}`, `${line}\n`).packer('start')
    assert.equal(code, 2, line)
    assert.match(stderr, message)
  }
  const shown = await runChronicle(['packer', 'config', '--show'], {
    env: { HOME: scratch, CHRONICLE_PASSPHRASE: 'tell nobody' },
  })
  assert.equal(shown.code, 0)
  assert.match(shown.stdout, /encryption\.passphrase +\*\*\*/)
  assert.ok(!shown.stdout.includes('tell nobody'))
})

test('a dry run makes no archive and no key', async () => {
  const { home, base, ring, packer } = installation('dry-run-first')
  const dry = await packer('process', '--dry-run')
  assert.equal(dry.code, 1)
  assert.match(dry.stderr, /There is no archive yet, and a dry run makes none/)
  for (const made of [base, ring, join(home, 'config')]) assert.equal(existsSync(made), false, made)
})
