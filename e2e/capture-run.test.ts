/** `chronicle capture run` beside a real broker: events and screenshots in by a topic, batches out, pixels at the door, frames to the packer. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemRandom } from '@chronicle/base'
import { type Bus, type EventBatch, openCapture, openTopicBus, topicBusLimits, topicNames } from '@chronicle/capture'
import { frameDefaults, readHeif } from '@chronicle/packer'
import { silentLogger } from '@chronicle/telemetry'
import { type ChronicleProcess, runChronicle, startChronicle } from '@chronicle/testing'
import { noisePng } from './capture/png.ts'
import { type CaptureProcess, startCapture } from './capture/process.ts'

const directory = mkdtempSync(join(tmpdir(), 'capture-run-'))
const databasePath = join(directory, 'capture.db')
const ring = join(directory, 'ring')
const session = randomUUID()
const capture = openCapture(databasePath)
const settings = {
  BATCH_WINDOW_SECONDS: '2',
  ALLOWED_LATENESS_MS: '50',
  SCREENSHOT_HAND_ON: 'frames',
  FRAMES_RING_PATH: ring,
}
const packerEnv = {
  CHRONICLE_PACKER_STORAGE_BASE_PATH: join(directory, 'archive'),
  CHRONICLE_PACKER_RING_BUFFER_PATH: ring,
  CHRONICLE_PACKER_RING_BUFFER_SIZE: '8MB',
  CHRONICLE_PACKER_ENCRYPTION_KEY_SOURCE: 'file',
  CHRONICLE_PACKER_ENCRYPTION_KEY_FILE: join(directory, 'archive.key'),
  CHRONICLE_PACKER_LOGGING_FILE_PATH: join(directory, 'packer.log'),
}
let bootstrap: string
let metricsPort: number
let running: CaptureProcess
let broker: ChronicleProcess
let bus: Bus
const batches: EventBatch[] = []

before(async () => {
  bootstrap = `127.0.0.1:${await freePort()}`
  metricsPort = await freePort()
  running = await startRun()
  const { status, checks } = (await capture.status()).health
  assert.deepEqual([status, checks.bus?.status], ['warn', 'warn'])
  assert.match(checks.bus!.reason, new RegExp(`${bootstrap} does not answer as it should: .*ECONNREFUSED`))
  // What it waited for.
  broker = await startChronicle({ args: ['--kafka-port', bootstrap.split(':')[1]!] })
  const around = { clock: systemClock, random: systemRandom, logger: silentLogger, limits: topicBusLimits }
  bus = await openTopicBus({ bootstrap, topics: topicNames, ...around })
  bus.subscribeBatches(async batch => void batches.push(batch))
  await eventually(async () => (await capture.status()).health.status === 'pass')
})
after(async () => {
  await bus?.stop(1000)
  await running?.end('SIGKILL')
  await broker?.stop()
  rmSync(directory, { recursive: true, force: true })
})

function startRun(): Promise<CaptureProcess> {
  return startCapture(
    ['--database', databasePath, '--bootstrap', bootstrap],
    { ...settings, METRICS_PORT: `${metricsPort}` },
    packerEnv,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 600; look++) {
    if (await holds()) return
    await sleep(50)
  }
  assert.fail('it does not come about')
}

function publish(event_type: string, data: object): string {
  const id = randomUUID()
  bus.publish({ id, timestamp: Date.now(), session_id: session, event_type, data })
  return id
}

function publishScreenshot(image: Buffer): string {
  const screenshot_id = randomUUID()
  const screen_region = { x: 0, y: 0, width: 64, height: 48 }
  const metadata = { window_title: 'a private title', app_name: 'editor', screen_region, privacy_masked: false }
  publish('screenshot', { screenshot_id, image, metadata })
  return screenshot_id
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

function captureCommand(...args: readonly string[]) {
  return runChronicle(['capture', ...args, '--database', databasePath])
}

test('events come by a topic and batches go to one; pixels are at the door until they are analysed', async () => {
  const image = noisePng(64, 48, 1)
  const note = publish('note', { text: 'of no interest' })
  const shot = publishScreenshot(image)
  await eventually(() => batches.flatMap(({ events }) => events).length === 2)
  const events = batches.flatMap(batch => batch.events)
  assert.ok(events.some(({ id }) => id === note))
  const widths = events.filter(each => each.event_type === 'screenshot').map(({ data }) => data.width)
  assert.deepEqual(widths, [64])
  const batch = batches.find(({ screenshots }) => screenshots.length > 0)!
  assert.deepEqual(await capture.screenshot(shot), image)
  await capture.analysed(batch)
  await assert.rejects(capture.screenshot(shot), { code: 'capture.screenshot-deleted' })
})

test('status shows it, and says with its exit code whether it works', async () => {
  const { code, stdout } = await captureCommand('status')
  assert.equal(code, 0)
  assert.match(stdout, /^All is well {2}.*capture\.db$/m)
  assert.match(stdout, /^ {2}events +2 received, 2 stored$/m)
  assert.match(stdout, /^ +1 came, 0 live, 1 deleted \(analysed 1\)$/m)
  assert.match(stdout, /✓ frames +1 screenshot handed on$/m)
  const json = JSON.parse((await captureCommand('status', '--json')).stdout)
  assert.deepEqual([json.pid, json.metrics.events.stored, json.health.status], [running.child.pid, 2, 'pass'])
})

test('metrics and health are on a port of loopback where that is set', async () => {
  assert.equal(running.ready.metrics, `http://127.0.0.1:${metricsPort}/metrics`)
  const metrics = await (await fetch(running.ready.metrics!)).text()
  assert.match(metrics, /^chronicle_capture_events_total\{outcome="stored"\} 2$/m)
  assert.match(metrics, /^chronicle_capture_frames_total\{outcome="written"\} 1$/m)
  const health = await fetch(`http://127.0.0.1:${metricsPort}/health`)
  assert.deepEqual([health.status, ((await health.json()) as { status: string }).status], [200, 'pass'])
  assert.equal((await fetch(`http://127.0.0.1:${metricsPort}/status`)).status, 404)
})

test('a second one on the same database, and another on the same ring, are refused with what to do', async () => {
  const second = await captureCommand('run', '--bootstrap', bootstrap)
  assert.deepEqual([second.code, JSON.parse(second.stderr.trim().split('\n').at(-1)!).code], [1, 'capture.in-use'])
  const env = { CHRONICLE_CAPTURE_SCREENSHOT_HAND_ON: 'frames', CHRONICLE_CAPTURE_FRAMES_RING_PATH: ring }
  const other = await runChronicle(['capture', 'run', '--database', join(directory, 'other.db')], { env })
  const refusal = JSON.parse(other.stderr.trim().split('\n').at(-1)!)
  assert.deepEqual([other.code, refusal.code, refusal.pid], [1, 'packer.ring-busy', running.child.pid])
})

test('a stop stores what was received, hands on what lives, and leaves no screenshot', async () => {
  const image = noisePng(80, 60, 2)
  const shot = publishScreenshot(image)
  await eventually(async () => (await capture.status()).metrics.screenshots.live === 1)
  assert.deepEqual(await capture.screenshot(shot), image)
  assert.equal(await running.end('SIGTERM'), 0)
  assert.deepEqual(readdirSync(`${databasePath}-screenshots`), [])
  const stopped = await captureCommand('status')
  assert.deepEqual([stopped.code, stopped.stdout.split('\n')[0]], [1, `Nothing runs  ${databasePath}`])
  const json = JSON.parse((await captureCommand('status', '--json')).stdout)
  assert.deepEqual([json.running, json.database], [false, databasePath])
  assert.ok(json.windows.open + json.windows.closed + json.windows.built >= 1, 'its window waits')
})

test('the packer makes an archive of the frames: the same pictures, and nothing of them where capture was', async () => {
  const packed = await runChronicle(['packer', 'process', '--json'], { env: packerEnv })
  assert.deepEqual([packed.code, JSON.parse(packed.stdout).frames], [0, 2], packed.stderr)
  const listed = await runChronicle(['archive', 'ls', '--json'], { env: packerEnv })
  const paths = (JSON.parse(listed.stdout) as { path: string }[]).map(({ path }) => path)
  const frames = paths.filter(each => each.endsWith('.heif'))
  const plain = join(directory, 'plain')
  const exported = await runChronicle(['archive', 'export', ...frames, '--output', plain], { env: packerEnv })
  assert.equal(exported.code, 0, exported.stderr)
  const found: string[] = []
  for (const path of filesBelow(plain)) {
    const { width, height, identity } = await readHeif(readFileSync(path), frameDefaults)
    const { window_title, app_name } = JSON.parse(identity!.metadata)
    found.push(`${width} × ${height} of ${app_name}, ${window_title}, ${identity!.sessionId}`)
  }
  const said = `of editor, a private title, ${session}`
  assert.deepEqual(found.sort(), [`64 × 48 ${said}`, `80 × 60 ${said}`])
  const pieces = [noisePng(64, 48, 1), noisePng(80, 60, 2)].map(image => image.subarray(200, 264))
  const own = filesBelow(directory).filter(path => path.startsWith(databasePath))
  assert.ok(own.length > 2)
  for (const path of own) {
    const bytes = readFileSync(path)
    assert.ok(!pieces.some(piece => bytes.includes(piece)), `${path} holds pixels`)
    assert.ok(!bytes.includes('a private title'), `${path} holds a title`)
  }
})
