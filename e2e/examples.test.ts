/** The examples around sessions, sealed files and traces do what their README says, against a real server. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { createRing, decodeEvents, openRingReader } from '@chronicle/packer'
import {
  type ChronicleProcess,
  type RunningNatsServer,
  runChronicle,
  startChronicle,
  startNatsServer,
  withoutNatsServer,
} from '@chronicle/testing'
import { startCapture } from './capture/process.ts'

const examples = join(import.meta.dirname, '..', 'examples')
const work = mkdtempSync(join(tmpdir(), 'chronicle-examples-'))
const hasCryptography = spawnSync('python3', ['-c', 'import cryptography.hazmat.primitives.kdf.argon2']).status === 0
const hasCurl = spawnSync('curl', ['--version']).status === 0
let server: ChronicleProcess
let nats: RunningNatsServer | undefined
before(async () => {
  nats = withoutNatsServer() ? undefined : await startNatsServer()
  const env = { BATCH_FLUSH_INTERVAL_MS: '100', ...(nats && { NATS_URL: nats.url }) }
  server = await startChronicle({ hasEmptyTables: true, env })
})
after(async () => {
  await server.stop()
  await nats?.stop()
  rmSync(work, { recursive: true, force: true })
})

function url(): string {
  return `http://127.0.0.1:${server.httpPort}`
}

function run(command: string, args: readonly string[]): string {
  // The examples call `npm exec`, which shall find the Node of this test.
  const path = `${join(process.execPath, '..')}:${process.env.PATH}`
  return execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: path, ...addresses() },
  })
}

function addresses(): Record<string, string> {
  return { CHRONICLE_URL: url(), CHRONICLE_BOOTSTRAP: server.bootstrap, ...(nats && { NATS_URL: nats.url }) }
}

test('seal-session.ts seals, closes and verifies', () => {
  assert.match(run(process.execPath, [join(examples, 'seal-session.ts')]), /3\.tlog-proof: valid\n$/)
})

test('session.sh does the same with curl', { skip: !hasCurl }, () => {
  assert.match(run('sh', [join(examples, 'session.sh')]), /1\.tlog-proof: valid\n$/)
})

test('pack-topic.sh packs records into an archive, from which they are printed', () => {
  const lines = run('sh', [join(examples, 'pack-topic.sh')])
    .trim()
    .split('\n')
  const [json, text] = lines.slice(-2).map(line => JSON.parse(line).data)
  assert.deepEqual(JSON.parse(json).value, { order: 1, total: 9.5 })
  assert.equal(JSON.parse(text).text, 'no JSON')
})

test('verify_proof.py accepts the proof of every chunk, and no other', { skip: !hasCryptography }, async () => {
  const chunk = (index: number) => `${url()}/api/v1/sessions/py/chunks/${index}`
  const get = async (from: string) => Buffer.from(await (await fetch(from)).arrayBuffer())
  const file = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(join(work, name), bytes)
    return join(work, name)
  }
  const headers = { 'content-type': 'application/octet-stream' }
  for (let index = 0; index < 7; index++) {
    assert.ok((await fetch(chunk(index), { method: 'PUT', headers, body: `chunk ${index}` })).ok)
  }
  const key = file('key', await get(`${url()}/api/v1/vkey`))
  const script = join(examples, 'verify_proof.py')
  for (let index = 0; index < 7; index++) {
    const proof = file('proof', await get(`${chunk(index)}/proof`))
    assert.match(run('python3', [script, proof, key, file('payload', `chunk ${index}`)]), /^valid: /)
    assert.notEqual(spawnSync('python3', [script, proof, key, file('payload', 'another')]).status, 0)
  }
})

test('open_sealed.py opens what chronicle seal made', { skip: !hasCryptography }, async () => {
  for (const bytes of [0, 16_384, 50_000]) {
    const plain = Buffer.alloc(bytes, 'text ')
    writeFileSync(join(work, 'plain'), plain)
    const sealed = await runChronicle(['seal', 'plain', '--force', '--data-dir', server.dataDir], { cwd: work })
    assert.equal(sealed.code, 0, sealed.stderr)
    const script = join(examples, 'open_sealed.py')
    const opened = execFileSync('python3', [script, server.dataDir, join(work, 'plain.sealed')])
    assert.deepEqual(opened, readFileSync(join(work, 'plain')))
  }
})

test('ring-writer.ts writes events that the packer reads', async () => {
  const path = join(work, 'ring')
  await createRing({ path, capacityBytes: 65_536 })
  assert.equal(run(process.execPath, [join(examples, 'ring-writer.ts'), path]), '2 events are in the ring\n')
  const reader = openRingReader({ path })
  const [record] = reader.read(65_536)!.records
  const read = decodeEvents(record!.payload).map(({ columns, refusals }) => [columns.rows, refusals.length])
  assert.deepEqual(read, [[2, 0]])
  reader.close()
})

test('observe-http.sh sends the events of a task and draws its trace', { skip: !hasCurl }, () => {
  const printed = run('sh', [join(examples, 'observe-http.sh')])
  assert.match(printed, /"accepted":5/)
  assert.match(printed, /Water the plants\n[\s\S]*status +✓ completed\n[\s\S]*task\.completed +gardener +✓\n/)
})

test('observe-kafka.ts writes records that become a trace', () => {
  const printed = run(process.execPath, [join(examples, 'observe-kafka.ts')])
  assert.match(printed, /^kafka-\d+: failed by porter after 4 events: no stamps left\n$/)
})

test('observe-nats.ts publishes messages that become a trace', { skip: withoutNatsServer() }, () => {
  const printed = run(process.execPath, [join(examples, 'observe-nats.ts')])
  assert.match(printed, /^TASK_EVENTS\/1 {2}swarm\.task\.created\n[\s\S]*: completed by tuner after 4 events\n$/)
})

test('observe-live.ts prints tasks that end, as they do', async () => {
  const env = { ...process.env, ...addresses() }
  const child = spawn(process.execPath, [join(examples, 'observe-live.ts')], { env })
  const says = (stream: NodeJS.ReadableStream): Promise<string> =>
    new Promise(resolve => stream.once('data', (piece: Buffer) => resolve(piece.toString())))
  const printed = says(child.stdout)
  await says(child.stderr)
  const input = '{"trace_id":"t-live","event_type":"task.completed","source":"kai"}\n'
  await runChronicle(['observe', 'send', '--url', url()], { input })
  assert.equal(await printed, 't-live  task.completed  kai\n')
  child.kill()
})

test('capture-topics.ts publishes in one process and analyses in another, beside a capture that runs', async () => {
  const databasePath = join(work, 'capture.db')
  const capture = await startCapture(['--database', databasePath, '--bootstrap', server.bootstrap], {
    BATCH_WINDOW_SECONDS: '1',
  })
  const env = { ...process.env, ...addresses(), CHRONICLE_CAPTURE_DATABASE_PATH: databasePath }
  const example = join(examples, 'capture-topics.ts')
  const analysis = spawn(process.execPath, [example], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const { promise: done, resolve } = Promise.withResolvers<void>()
  const said: string[] = []
  createInterface({ input: analysis.stdout }).on('line', line => {
    said.push(line)
    // A further window after that of the screenshot.
    if (said.some(each => each.includes('screenshot of')) && / keys$/.test(line)) resolve()
  })
  analysis.once('exit', () => resolve())
  const publisher = spawn(process.execPath, [example, 'publish'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  await done
  publisher.kill()
  analysis.kill()
  assert.match(said.join('\n'), /^batches of raw-events.*\n[\s\S]*screenshot of 70 bytes: 70 bytes read\n.* keys$/m)
  assert.equal(await capture.end(), 0)
})
