import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@chronicle/base'
import { tableFromIPC } from 'apache-arrow'
import { createRing, openRingReader, openRingWriter, packerErrors, ringStatus } from '../src/index.ts'
import { headerPageBytes, readerAt } from '../src/ring/layout.ts'
import { compile, compilers, exampleDirectory, loadSource, noCompiler, start } from './ring-processes.ts'
import { LoadCheck, loadPayload, readAll, ringPath } from './ring-support.ts'

const options = { skip: noCompiler }
const exampleSource = join(exampleDirectory, 'writer.c')
const crcSource = fileURLToPath(new URL('./ring-crc.c', import.meta.url))

test('every compiler that is there takes the header without a warning, with and without optimising', options, t => {
  t.diagnostic(`compilers: ${compilers.join(', ')}`)
  for (const compiler of compilers) {
    for (const flags of [['-O0'], ['-O3', '-Wconversion', '-Wshadow'], ['-O1', '-fsanitize=undefined']]) {
      compile(t, compiler, exampleSource, ...flags)
    }
    assert.equal(spawnSync(compile(t, compiler, crcSource)).status, 0)
  }
})

test('the example makes a ring and writes its events; the reader gets a table of them', options, t => {
  const path = ringPath(t)
  const startNs = BigInt(Date.now() - 1) * 1_000_000n
  const writer = compile(t, compilers[0]!, exampleSource)
  const { status, stderr } = spawnSync(writer, ['--ring', path, '--create', '65536', '--repeat', '2'], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(dirname(path)).sort(), ['ring', 'ring.writer-lock'])
  const reader = openRingReader({ path })
  const { records, damage } = readAll(reader)
  assert.deepEqual(damage, [])
  assert.equal(records.length, 2)
  for (const { kind, payload } of records) {
    assert.equal(kind, 'events')
    const rows = tableFromIPC(payload)
      .toArray()
      .map(row => row.toJSON())
    assert.deepEqual(
      rows.map(row => row.event_id),
      ['example-event-1', 'example-event-2', 'example-event-3'],
    )
    const times = rows.map(row => row.timestamp_ns as bigint)
    assert.ok(
      times[0]! > startNs && times[0]! <= BigInt(Date.now() + 1) * 1_000_000n,
      'they have the time of the writing',
    )
    assert.deepEqual(
      times,
      [0n, 1n, 2n].map(ms => times[0]! + ms * 1_000_000n),
    )
    assert.deepEqual(rows[0], {
      timestamp_ns: times[0],
      event_type: 'app',
      app_bundle_id: 'org.example.editor',
      window_title: null,
      data: '{"state":"active"}',
      session_id: 'example-session',
      event_id: 'example-event-1',
    })
  }
  reader.close()
})

test('the example writes what it gets on its standard input', options, t => {
  const path = ringPath(t)
  const writer = compile(t, compilers[0]!, exampleSource)
  const input = Buffer.alloc(200_000, 'a frame ')
  assert.equal(spawnSync(writer, ['--ring', path, '--create', '1048576', '--frames', '-'], { input }).status, 0)
  const reader = openRingReader({ path })
  const { records } = readAll(reader)
  assert.equal(records[0]!.kind, 'frames')
  assert.ok(records[0]!.payload.equals(input))
  reader.close()
})

test('the batch of the example is what its script makes', () => {
  const { stdout } = spawnSync(process.execPath, [join(exampleDirectory, 'make-batch.ts')], { encoding: 'utf8' })
  assert.equal(stdout, readFileSync(join(exampleDirectory, 'events_batch.h'), 'utf8'))
})

test('C and TypeScript write the same bytes', options, async t => {
  const [theirs, ours] = [ringPath(t), ringPath(t)]
  await createRing({ path: theirs, capacityBytes: 8192 })
  writeFileSync(ours, readFileSync(theirs), { mode: 0o600 })
  assert.equal(spawnSync(compile(t, compilers[0]!, loadSource), [theirs, '1', '70', '0']).status, 0)
  const writer = await openRingWriter({ path: ours })
  const buffer = Buffer.alloc(256)
  for (let counter = 0; counter < 70; counter++) await writer.write('events', loadPayload(buffer, 1, counter), 0)
  writer.close()
  const [a, b] = [readFileSync(theirs), readFileSync(ours)]
  assert.deepEqual(ringStatus(theirs), ringStatus(ours))
  assert.ok(ringStatus(ours).lostRecords > 0 && ringStatus(ours).isPressed)
  // The times of the last write differ, and nothing else.
  a.fill(0, 144, 152)
  b.fill(0, 144, 152)
  assert.deepEqual(a.subarray(0, 512), b.subarray(0, 512))
  assert.ok(a.subarray(headerPageBytes).equals(b.subarray(headerPageBytes)))
})

test('PR5: a writer in C and one in TypeScript exclude each other', options, async t => {
  const path = ringPath(t)
  await createRing({ path, capacityBytes: 8192 })
  const load = compile(t, compilers[0]!, loadSource)
  const inC = start(t, load, [path, '1', '0', '60000'])
  await inC.ready
  assert.equal(ringStatus(path).writerPid, inC.child.pid)
  await assert.rejects(openRingWriter({ path }), error => {
    assert.ok(packerErrors.is(error) && error.code === 'packer.ring-busy')
    assert.equal(error.details.pid, inC.child.pid)
    return true
  })
  await inC.kill()
  const ours = await openRingWriter({ path })
  const refused = spawnSync(load, [path, '1', '1', '0'], { encoding: 'utf8' })
  assert.match(refused.stderr, /another process writes/)
  ours.close()
  assert.equal(spawnSync(load, [path, '1', '1', '0']).status, 0)
})

test('PR6: the writer in C refuses what is no ring of ours', options, async t => {
  const path = ringPath(t)
  const load = compile(t, compilers[0]!, loadSource)
  const says = (): string => spawnSync(load, [path, '1', '1', '0'], { encoding: 'utf8' }).stderr.trim()
  assert.equal(says(), 'there is no ring at this path')
  await createRing({ path, capacityBytes: 8192 })
  const image = readFileSync(path)
  chmodSync(path, 0o644)
  assert.equal(says(), 'the file is not a regular file of this user with mode 0600')
  chmodSync(path, 0o600)
  for (const [at, expected] of [
    [0, 'the file is no ring'],
    [20, 'the ring contradicts itself: start the packer, which sets it right'],
    [128, 'the ring contradicts itself: start the packer, which sets it right'],
  ] as const) {
    const changed = Buffer.from(image)
    changed[at]! ^= 1
    writeFileSync(path, changed)
    assert.equal(says(), expected)
  }
  writeFileSync(`${path}.real`, image, { mode: 0o600 })
  rmSync(path)
  symlinkSync(`${path}.real`, path)
  assert.notEqual(says(), '')
})

test('PR8: a writer in C sets the flag; it takes no room that it does not know to be free', options, async t => {
  const path = ringPath(t)
  await createRing({ path, capacityBytes: 8192 })
  const load = compile(t, compilers[0]!, loadSource)
  assert.equal(spawnSync(load, [path, '1', '200', '0']).status, 0)
  assert.equal(readFileSync(path).readUInt32LE(readerAt.flag), 1)
  const { usedBytes, lostRecords } = ringStatus(path)
  const torn = readFileSync(path)
  torn[readerAt.position]! ^= 1
  writeFileSync(path, torn)
  assert.equal(spawnSync(load, [path, '2', '10', '0']).status, 0)
  const reader = openRingReader({ path })
  assert.equal(reader.status().usedBytes, usedBytes)
  assert.equal(reader.status().lostRecords, lostRecords + 10)
  reader.release(reader.read(8192)!.next)
  assert.equal(readFileSync(path).readUInt32LE(readerAt.flag), 0)
  reader.close()
})

test('PR1: SIGKILL of a writer in C at random moments, 60 times: nothing torn, nothing twice', options, async t => {
  const path = ringPath(t)
  // Large enough that the writer is at work, and does not wait for room, when it is killed.
  await createRing({ path, capacityBytes: 4 * 1024 * 1024 })
  const load = compile(t, compilers[0]!, loadSource)
  const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`CRASH_SEED=${seed}`)
  const random = seededRandom(seed)
  const reader = openRingReader({ path })
  const check = new LoadCheck()
  const take = (): boolean => {
    const slice = reader.read(32 * 1024)
    if (!slice) return false
    assert.deepEqual(slice.damage, [])
    for (const record of slice.records) check.see(record)
    reader.release(slice.next)
    return true
  }
  const kills = 60
  for (let run = 1; run <= kills; run++) {
    const writer = start(t, load, [path, `${run}`, '0', '60000'])
    await writer.ready
    const killAt = performance.now() + random.int(3000) / 1000
    while (performance.now() < killAt) take()
    await writer.kill()
    while (take());
  }
  // A writer in C that dies between its two stores leaves a gap of one.
  assert.ok(check.missing <= kills, `${check.missing} missing`)
  assert.ok(check.runs > kills / 2 && check.records > 10_000, `${check.runs} runs, ${check.records} records`)
  reader.close()
})
