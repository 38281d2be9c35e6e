/**
 * Kills `chronicle capture run`, its broker, and both, again and again over the same data, while events and screenshots come, and then looks for every event whose record the
 * broker had acknowledged. `CRASH_SEED=4711 npm test -- e2e/capture-crash` repeats the moments; `CRASH_KILLS=50` kills so often.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom, systemClock, systemRandom } from '@chronicle/base'
import { type Bus, type EventBatch, openCapture, openTopicBus, topicBusLimits, topicNames } from '@chronicle/capture'
import { silentLogger } from '@chronicle/telemetry'
import { Producer } from '@platformatic/kafka'
import { type Broker, startBroker } from './broker.ts'
import { noisePng } from './capture/png.ts'
import { type CaptureProcess, startCapture } from './capture/process.ts'
import { platformatic } from './clients/platformatic.ts'

const kills = Number(process.env.CRASH_KILLS ?? 3)
const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000)
/** Between two kills at least so many records are acknowledged, then up to this much time passes. */
const acknowledgedMin = 200
const momentMsMax = 400
const recordsAtOnce = 20
const screenshotsEveryMs = 200
const pollMs = 500
const looksMax = 60
const session = randomUUID()
const title = 'a title that nobody else reads'
/** Below and above what stays in memory. */
const images = [noisePng(64, 48, 1), noisePng(720, 640, 2)]
const settings = { BATCH_WINDOW_SECONDS: '1', ALLOWED_LATENESS_MS: '50', SCREENSHOT_MEMORY_THRESHOLD_MB: '1' }

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 1200; look++) {
    if (await holds()) return
    await sleep(25)
  }
  assert.fail('it does not come about')
}

/** Sends records one request at a time, none of them twice, and remembers what was acknowledged. */
class Load {
  readonly acknowledged: string[] = []
  readonly #bootstrap: string
  readonly #done: Promise<void>
  #isOver = false

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
    this.#done = this.#run()
  }

  async more(records: number): Promise<void> {
    const wanted = this.acknowledged.length + records
    await eventually(() => this.acknowledged.length >= wanted)
  }

  async finish(): Promise<void> {
    this.#isOver = true
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const options = { clientId: 'load', bootstrapBrokers: [this.#bootstrap], retries: 0, acks: -1 }
      const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(options)
      // A record that was not acknowledged may be there or not.
      await this.#send(producer).catch(() => sleep(50))
      await producer.close().catch(() => undefined)
    }
  }

  async #send(producer: Producer<Buffer, Buffer, Buffer, Buffer>): Promise<void> {
    while (!this.#isOver) {
      const ids = Array.from({ length: recordsAtOnce }, () => randomUUID())
      await producer.send({ messages: ids.map(id => ({ topic: topicNames.events, value: recordOf(id) })) })
      this.acknowledged.push(...ids)
    }
  }
}

function recordOf(id: string): Buffer {
  const data = { window_title: title, app_name: 'editor', process_id: 7 }
  const event = { id, timestamp: Date.now(), session_id: session, event_type: 'window_focus', data }
  return Buffer.from(JSON.stringify(event))
}

/** Of each event, the batch that it is in, by what stands in the topic of the batches: to its end, once `isDone` of what was found. */
async function readBatches(
  bootstrap: string,
  isDone: (found: ReadonlyMap<string, string>) => Promise<boolean>,
): Promise<ReadonlyMap<string, string>> {
  const batchOf = new Map<string, string>()
  const client = await platformatic.connect(bootstrap)
  const member = await client.join(`verify-${randomUUID()}`, topicNames.batches)
  for (let look = 0; look < looksMax; look++) {
    const isLast = await isDone(batchOf)
    const records = await member.poll(recordsAtOnce, pollMs)
    for (const { value } of records) {
      const { batch_id, events } = JSON.parse(value!.toString()) as EventBatch
      for (const { id } of events) {
        assert.equal(batchOf.get(id) ?? batch_id, batch_id, 'an event is in one batch')
        batchOf.set(id, batch_id)
      }
    }
    if (isLast && records.length === 0) break
  }
  await member.leave()
  await client.close()
  return batchOf
}

function publishScreenshots(bus: Bus): void {
  const screen_region = { x: 0, y: 0, width: 64, height: 48 }
  const metadata = { window_title: title, app_name: 'editor', screen_region, privacy_masked: false }
  for (const image of images) {
    const data = { screenshot_id: randomUUID(), image, metadata }
    bus.publish({ id: randomUUID(), timestamp: Date.now(), session_id: session, event_type: 'screenshot', data })
  }
}

/** One capture after the other, over one database. */
class Captures {
  readonly databasePath: string
  readonly #bootstrap: string
  readonly #directory: string
  #running: CaptureProcess | undefined
  filesLeft = 0

  constructor(directory: string, bootstrap: string) {
    this.#directory = directory
    this.databasePath = join(directory, 'capture.db')
    this.#bootstrap = bootstrap
  }

  get files(): string[] {
    return readdirSync(`${this.databasePath}-screenshots`)
  }

  async start(): Promise<void> {
    this.#running = await startCapture(['--database', this.databasePath, '--bootstrap', this.#bootstrap], settings)
  }

  async end(signal: NodeJS.Signals): Promise<number | null | undefined> {
    const code = await this.#running?.end(signal)
    assertNoTrace(this.#directory, [...images.map(pieceOf), Buffer.from(title)])
    return code
  }

  /** No screenshot of the earlier one is there once the next one is ready. */
  async killAndStart(): Promise<void> {
    await this.end('SIGKILL')
    const left = this.files
    this.filesLeft += left.length
    await this.start()
    const { files } = this
    assert.deepEqual(
      left.filter(name => files.includes(name)),
      [],
    )
  }
}

/** From the middle of the compressed pixels. */
function pieceOf(image: Buffer): Buffer {
  return image.subarray(image.length >> 1, (image.length >> 1) + 16)
}

function assertNoTrace(directory: string, needles: readonly Buffer[]): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    for (const needle of needles) assert.ok(!bytes.includes(needle), `${entry.name} holds what nobody may read`)
  }
}

const rounds: readonly ((broker: Broker, captures: Captures) => Promise<unknown>)[] = [
  (_, captures) => captures.killAndStart(),
  async broker => {
    await broker.kill()
    await broker.start()
  },
  async (broker, captures) => {
    await Promise.all([broker.kill(), captures.end('SIGKILL')])
    await Promise.all([broker.start(), captures.killAndStart()])
  },
]

test(`${kills} kills of capture, broker and both: every acknowledged event is in one batch, and no screenshot is left (CW4, CB6, CS1, CS4)`, async t => {
  t.diagnostic(`again with CRASH_SEED=${seed}`)
  const directory = mkdtempSync(join(tmpdir(), 'capture-crash-'))
  const random = seededRandom(seed)
  const broker = await startBroker()
  const captures = new Captures(directory, broker.bootstrap)
  await captures.start()
  const around = { clock: systemClock, random: systemRandom, logger: silentLogger, limits: topicBusLimits }
  const bus = await openTopicBus({ bootstrap: broker.bootstrap, topics: topicNames, ...around })
  const load = new Load(broker.bootstrap)
  try {
    for (let kill = 0; kill < kills; kill++) {
      await load.more(acknowledgedMin)
      // Those that were sealed for a capture that is dead by now are lost, as they should be.
      await eventually(async () => {
        publishScreenshots(bus)
        await sleep(screenshotsEveryMs)
        return captures.files.length > 0
      })
      await sleep(random.int(momentMsMax))
      await rounds[kill % rounds.length]!(broker, captures)
    }
    await load.more(acknowledgedMin)
    await load.finish()
    const { acknowledged } = load
    const { status } = openCapture(captures.databasePath)
    const batchOf = await readBatches(broker.bootstrap, async found => {
      const { windows } = await status()
      const isDelivered = windows !== null && windows.open + windows.closed + windows.built === 0
      return isDelivered && acknowledged.every(id => found.has(id))
    })
    const missing = acknowledged.filter(id => !batchOf.has(id))
    assert.equal(missing.length, 0, `${missing.length} of ${acknowledged.length} acknowledged events are in no batch`)
    await eventually(async () => (await status()).health.status === 'pass')
    assert.equal(await captures.end('SIGTERM'), 0)
    assert.deepEqual(captures.files, [])
    assertNoTrace(broker.dataDirectory, images.map(pieceOf))
    t.diagnostic(`${acknowledged.length} acknowledged, ${captures.filesLeft} files of screenshots left by kills`)
  } finally {
    await load.finish()
    await bus.stop(1000)
    await captures.end('SIGKILL')
    await broker.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
