import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@chronicle/base'
import { type ObjectStore, objectErrors, readObject } from '../src/index.ts'
import { keysOf, nameIn, type Said, temporaryFiles, testDirectory } from './support.ts'

const program = fileURLToPath(new URL('./writer.ts', import.meta.url))
const bytesMax = 1_000_000

/** Of a test that failed, too: a writer that nobody lets begin waits for ever. */
const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})
const directory = testDirectory()

/** A writer that is ready to begin. */
type Writer = { readonly process: ChildProcess; readonly said: Said[]; begin(): void; readonly ended: Promise<unknown> }

async function startWriter(seed: number, mode: 'count' | 'race' | 'churn', amount = 0): Promise<Writer> {
  const child = spawn(process.execPath, [program, directory.path(), `${seed}`, mode, `${amount}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  started.push(child)
  const ended = once(child, 'close')
  const said: Said[] = []
  const lines = createInterface(child.stdout)
  const [first] = await Promise.race([once(lines, 'line'), ended])
  assert.equal(first, 'ready', 'the writer ended before it was ready')
  // The last line of a killed process may be a part of one.
  lines.on('line', line => line.endsWith('}') && said.push(JSON.parse(line)))
  return { process: child, said, ended, begin: () => void child.stdin.write('go\n') }
}

test('O4: of several processes that put-if-absent at once exactly one wins each object', async () => {
  const amount = 25
  const writers = await Promise.all([1, 2, 3].map(seed => startWriter(seed, 'race', amount)))
  for (const writer of writers) writer.begin()
  await Promise.all(writers.map(writer => writer.ended))
  const store = await directory.open()
  const won = writers.flatMap(({ said }, index) => said.map(({ key }) => ({ key, by: `${index + 1}` })))
  assert.equal(won.length, amount)
  assert.equal(new Set(won.map(({ key }) => key)).size, amount)
  for (const { key, by } of won) assert.equal((await readObject(store, key, { bytesMax })).toString(), by)
})

test('O4: several processes that count with put-if-match lose nothing, and O3: no version comes twice', async () => {
  const store = await directory.open()
  await store.put('counter', Buffer.from('0'))
  const amount = 25
  const writers = await Promise.all([1, 2, 3].map(seed => startWriter(seed, 'count', amount)))
  for (const writer of writers) writer.begin()
  await Promise.all(writers.map(writer => writer.ended))
  assert.equal((await readObject(store, 'counter', { bytesMax })).toString(), `${3 * amount}`)
  const versions = writers.flatMap(writer => writer.said.map(said => said.version))
  assert.equal(new Set(versions).size, 3 * amount)
})

test('O1 O2 O3 O6: writers that are killed at any moment leave whole objects, what was acknowledged, and no version twice', async t => {
  const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9))
  t.diagnostic(`again with CRASH_SEED=${seed}`)
  const random = seededRandom(seed)
  const store = await directory.open()
  const seen = new Versions()
  const writers: Writer[] = []
  let killing = true
  const reading = (async () => {
    while (killing) await readAll(store, seen)
  })()
  const lives = [1, 2, 3].map(async lane => {
    for (let life = 0; life < 2; life++) {
      const writer = await startWriter(lane * 1000 + life, 'churn')
      writers.push(writer)
      writer.begin()
      await sleep(20 + random.int(250))
      writer.process.kill('SIGKILL')
      await writer.ended
    }
  })
  const killed = Promise.all(lives).finally(() => {
    killing = false
  })
  await Promise.all([killed, reading.finally(() => killed)])
  await readAll(store, seen)
  const acknowledged = writers.flatMap(({ said }) => said)
  assert.ok(acknowledged.length > 20, `only ${acknowledged.length} puts`)
  const each = acknowledged.map(({ key, version }) => `${key} ${version}`)
  assert.equal(new Set(each).size, each.length, 'a version was given twice')
  for (const { key, version } of acknowledged.filter(({ key }) => key.startsWith('own/'))) {
    assert.equal((await store.head(key))?.version, version, `${key} was acknowledged`)
  }
  await directory.open()
  assert.deepEqual(temporaryFiles(directory.path()), [], 'left by the dead')
})

test('O6: what the dead left goes when the store is opened, and what the living have stays', async () => {
  const areaOf = (): string[] => readdirSync(directory.path('.store', 'temporary')).sort()
  const [one, two] = [await directory.open(), await directory.open()]
  const ours = areaOf()
  const slow = new PassThrough()
  slow.write('before ')
  const put = one.put('slow', slow)
  try {
    const dead = await startWriter(1, 'churn')
    assert.equal(areaOf().length, 3)
    dead.process.kill('SIGKILL')
    await dead.ended
    assert.equal(areaOf().length, 3)
    await startWriter(2, 'churn')
    const now = areaOf()
    assert.equal(now.length, 3, 'the one that has just opened, instead of the dead one')
    assert.deepEqual(
      now.filter(name => ours.includes(name)),
      ours,
    )
  } finally {
    slow.end('after')
  }
  await put
  assert.equal((await readObject(two, 'slow', { bytesMax })).toString(), 'before after')
})

/** Which body each version of each key had. */
class Versions {
  readonly #names = new Map<string, string>()

  see(key: string, version: string, name: string): void {
    const id = `${key} ${version}`
    const before = this.#names.get(id)
    assert.ok(before === undefined || before === name, `${id} was ${before} and is ${name}`)
    this.#names.set(id, name)
  }
}

/** Everything that is listed is whole, and what the store says of it holds. */
async function readAll(store: ObjectStore, seen: Versions): Promise<void> {
  for (const key of await keysOf(store)) {
    assert.match(key, /^(shared|own\/\d+)\/\d+$/)
    const read = await store.get(key).catch(gone)
    if (!read) continue
    const pieces: Uint8Array[] = []
    for await (const piece of read.body) pieces.push(piece)
    seen.see(key, read.info.version, nameIn(Buffer.concat(pieces)))
  }
}

function gone(error: unknown): undefined {
  if (objectErrors.is(error) && error.code === 'objects.not-found') return
  throw error
}
