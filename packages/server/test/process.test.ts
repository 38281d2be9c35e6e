import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runChronicle, startChronicle } from '@chronicle/testing'
import { produce } from './support/records.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-process-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const freePorts = ['--kafka-port', '0', '--http-port', '0', '--metrics-port', '0']

/** Refusals for people: the readable form, as on a terminal. */
const refuse = (args: readonly string[], env: Record<string, string> = {}) =>
  runChronicle(['start', ...freePorts, ...args], { env: { CHRONIK_LOG_FORMAT: 'readable', ...env } })

async function occupiedPort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { port: address.port, server }
}

test('S2: SIGTERM ends it in good order, with what was accepted on the disk', async () => {
  const dataDir = join(scratch, 'orderly')
  const first = await startChronicle({ dataDir })
  await produce(first, 'notes', ['one', 'two'])
  // A client that says nothing does not hold up the stop, and neither does one that waits for records.
  const idle = connect(first.kafkaPort, '127.0.0.1')
  idle.on('error', () => undefined)
  const waiting = runChronicle(['consume', 'notes', '--follow', '--bootstrap', first.bootstrap])
  const exit = await first.stop()
  assert.deepEqual(exit, { code: 0, signal: null })
  assert.match(first.stderr, /"message":"stopped; everything that was accepted is on the disk"/)
  assert.equal(existsSync(join(dataDir, 'pid')), false)
  idle.destroy()
  await waiting
  assert.match((await runChronicle(['fsck', dataDir])).stdout, /^Whole: closed in good order/m)

  const second = await startChronicle({ dataDir })
  const { stdout } = await runChronicle(['consume', 'notes', '--bootstrap', second.bootstrap])
  assert.equal(stdout, 'one\ntwo\n')
  await second.stop()
})

test('a second signal ends it at once', async () => {
  const server = await startChronicle()
  process.kill(server.pid, 'SIGINT')
  process.kill(server.pid, 'SIGTERM')
  assert.deepEqual(await server.exited, { code: 130, signal: null })
  await server.stop()
})

test('S1: a second process is refused while the first lives, and not after it was killed', async () => {
  const dataDir = join(scratch, 'locked')
  const first = await startChronicle({ dataDir })
  const refused = await refuse(['--data-dir', dataDir])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /Another process works on this data directory/)
  assert.match(refused.stderr, new RegExp(`pid +${first.pid}\\b`))
  assert.match(refused.stderr, /--data-dir/)
  const checked = await runChronicle(['fsck', dataDir])
  assert.equal(checked.code, 1)
  assert.match(checked.stderr, /Another process/)

  await first.kill('SIGKILL')
  const second = await startChronicle({ dataDir })
  await second.stop()
})

test('a port in use is named with what changes it', async () => {
  const { port, server } = await occupiedPort()
  const cases = [
    ['--kafka-port', 'Kafka', 'CHRONICLE_KAFKA_PORT'],
    ['--http-port', 'HTTP', 'CHRONICLE_PORT'],
    ['--metrics-port', 'metrics', 'CHRONICLE_METRICS_PORT'],
  ] as const
  for (const [flag, what, variable] of cases) {
    const { code, stderr } = await refuse(['--data-dir', join(scratch, 'ports'), flag, String(port)])
    assert.equal(code, 1)
    assert.match(stderr, /Another program already listens on this port/)
    for (const word of [what, String(port), flag, variable]) assert.ok(stderr.includes(word), `${word} in ${stderr}`)
  }
  server.close()
})

test('an address that is not this machine’s is refused', async () => {
  const { code, stderr } = await refuse(['--data-dir', join(scratch, 'address'), '--bind-addr', '203.0.113.7'])
  assert.equal(code, 1)
  assert.match(stderr, /does not belong to this machine[\s\S]*--bind-addr/)
})

test('S3: all addresses need one to advertise, and clients are told that one', async () => {
  const refused = await refuse(['--data-dir', join(scratch, 'open'), '--bind-addr', '0.0.0.0'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /--advertised-addr/)
  const both = await refuse(['--bind-addr', '0.0.0.0', '--advertised-addr', '0.0.0.0'])
  assert.equal(both.code, 2)
  assert.equal(existsSync(join(scratch, 'open')), false)

  const args = ['--bind-addr', '0.0.0.0', '--advertised-addr', 'localhost']
  const server = await startChronicle({ args })
  assert.match(server.stderr, /open to the network/)
  const ready = server.stderr.split('\n').find(line => line.includes('"ready"'))
  assert.equal(JSON.parse(ready!).kafka, `localhost:${server.kafkaPort}`)
  await produce(server, 'notes', ['one'])
  await server.stop()
})

test('a directory that cannot be made is refused', async () => {
  const file = join(scratch, 'a-file')
  writeFileSync(file, '')
  const { code, stderr } = await refuse(['--data-dir', join(file, 'data')])
  assert.equal(code, 1)
  assert.match(stderr, /data directory cannot be written[\s\S]*--data-dir/)
})

test('a directory below one that takes none is refused at once', async () => {
  const { code, stderr } = await refuse(['--data-dir', '/proc/chronicle/data'])
  assert.equal(code, 1)
  assert.match(stderr, /data directory cannot be written[\s\S]*--data-dir/)
})

test('where machines read the log, a refused start is one line of it', async () => {
  const file = join(scratch, 'b-file')
  writeFileSync(file, '')
  const { stderr } = await runChronicle(['start', ...freePorts, '--data-dir', join(file, 'data')])
  const [line, ...rest] = stderr.trim().split('\n')
  assert.deepEqual(rest, [])
  assert.equal(JSON.parse(line!).code, 'server.data-directory-unusable')
})

test('a damaged log is refused, shown, and repaired when told to', async () => {
  const dataDir = join(scratch, 'damaged')
  const server = await startChronicle({ dataDir })
  for (const note of ['first', 'second', 'third']) {
    await produce(server, 'notes', [`${note}-${'x'.repeat(2000)}`])
  }
  await server.kill('SIGKILL')
  const walFile = join(dataDir, 'wal', readdirSync(join(dataDir, 'wal')).find(name => name.endsWith('.wal'))!)
  const bytes = readFileSync(walFile)
  bytes[bytes.indexOf('second-') + 100]! ^= 1
  writeFileSync(walFile, bytes)

  const refused = await refuse(['--data-dir', dataDir])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /damaged[\s\S]*\.wal[\s\S]*chronicle fsck/)
  const shown = await runChronicle(['fsck', dataDir])
  assert.equal(shown.code, 1)
  assert.match(shown.stdout, /━×+━[\s\S]*\.wal, byte [\d,]+: /)
  const asked = await runChronicle(['fsck', dataDir, '--repair'])
  assert.equal(asked.code, 2)
  assert.match(asked.stderr, /--yes/)
  assert.deepEqual(readFileSync(walFile), bytes)

  const repaired = await runChronicle(['fsck', dataDir, '--repair', '--yes'])
  assert.equal(repaired.code, 0, repaired.stderr)
  const again = await runChronicle(['fsck', dataDir, '--json'])
  assert.equal(again.code, 0)
  assert.deepEqual(JSON.parse(again.stdout).problems, [])
  assert.equal(JSON.parse(again.stdout).losses.length, 1)

  // L13: what is not lost is served, in whatever state the snapshots are, and new records can be produced.
  for (const how of ['without a snapshot', 'from a snapshot'] as const) {
    const restarted = await startChronicle({ dataDir })
    if (how === 'without a snapshot') assert.match(restarted.stderr, /offsets are missing/)
    await produce(restarted, 'notes', [how])
    const { stdout } = await runChronicle(['consume', 'notes', '--bootstrap', restarted.bootstrap])
    const seen = stdout
      .trim()
      .split('\n')
      .map(line => line.split('-x')[0])
    const expected = ['first', 'third', 'without a snapshot', 'from a snapshot']
    assert.deepEqual(seen, expected.slice(0, how === 'without a snapshot' ? 3 : 4))
    await restarted.stop()
  }
  const facts = await runChronicle(['fsck', dataDir])
  assert.equal(facts.code, 0)
  assert.match(facts.stdout, /\.wal, byte [\d,]+: .* lost and given up/)
})

test('damage below a snapshot: what lies around it is served before and after the repair', async () => {
  const dataDir = join(scratch, 'below')
  const server = await startChronicle({ dataDir })
  for (const note of ['first', 'second', 'third', 'fourth']) {
    await produce(server, 'notes', [`${note}-${'x'.repeat(2000)}`])
  }
  await server.stop()
  const walFile = join(dataDir, 'wal', readdirSync(join(dataDir, 'wal')).find(name => name.endsWith('.wal'))!)
  const bytes = readFileSync(walFile)
  for (const note of ['second-', 'fourth-']) bytes[bytes.indexOf(note) + 100]! ^= 1
  writeFileSync(walFile, bytes)

  const damaged = await startChronicle({ dataDir })
  const before = await runChronicle(['consume', 'notes', '--bootstrap', damaged.bootstrap])
  assert.match(before.stdout, /^first-x+\n$/)
  assert.notEqual(before.code, 0)
  await damaged.stop()
  assert.equal((await runChronicle(['fsck', dataDir, '--repair', '--yes'])).code, 0)
  const repaired = await startChronicle({ dataDir })
  await produce(repaired, 'notes', ['fifth'])
  const { stdout } = await runChronicle(['consume', 'notes', '--bootstrap', repaired.bootstrap])
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map(line => line.split('-x')[0]),
    ['first', 'third', 'fifth'],
  )
  await repaired.stop()

  // The end is missing: only the snapshot knows. Readers come to the end all the same.
  truncateSync(walFile, readFileSync(walFile).indexOf('fifth'))
  const cut = await refuse(['--data-dir', dataDir])
  assert.match(cut.stderr, /damaged[\s\S]*chronicle fsck/)
  assert.equal((await runChronicle(['fsck', dataDir])).code, 1)
  assert.equal((await runChronicle(['fsck', dataDir, '--repair', '--yes'])).code, 0)
  const last = await startChronicle({ dataDir })
  const left = await runChronicle(['consume', 'notes', '--bootstrap', last.bootstrap])
  assert.deepEqual(
    left.stdout
      .trim()
      .split('\n')
      .map(line => line.split('-x')[0]),
    ['first', 'third'],
  )
  await last.stop()
})

test('fsck of a directory without a log says so', async () => {
  const { code, stderr } = await runChronicle(['fsck', join(scratch, 'nothing')])
  assert.equal(code, 1)
  assert.match(stderr, /There is no data here/)
})

test('an error that nobody caught is logged, what was accepted is flushed, and the exit code says so', async () => {
  const dataDir = join(scratch, 'defect')
  const trigger = `process.on('SIGUSR2', () => { throw new Error('a defect') })`
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(trigger)}` }
  const server = await startChronicle({ dataDir, env })
  await produce(server, 'notes', ['one'])
  assert.deepEqual(await server.kill('SIGUSR2'), { code: 1, signal: null })
  assert.match(server.stderr, /a defect/)
  const checked = await runChronicle(['fsck', dataDir])
  assert.match(checked.stdout, /^Whole: closed in good order/m)
})
