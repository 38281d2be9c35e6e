import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ChronicleError } from '@chronicle/base'
import { captureErrors, defaultConfig, openCapture, ScreenshotError, StorageModule } from '../src/index.ts'
import { imageOf } from './screenshots-support.ts'

const childPath = fileURLToPath(new URL('./door-child.ts', import.meta.url))
const imageBytes = 3_000_000

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'door-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

type Child = { readonly process: ChildProcess; readonly screenshot: string }

async function startChild(databasePath: string): Promise<Child> {
  const child = spawn(process.execPath, [childPath, databasePath, String(imageBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [screenshot] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { process: child, screenshot }
}

async function end({ process: child }: Child, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

function isCode(code: string): (error: unknown) => boolean {
  return error => error instanceof ChronicleError && error.code === code
}

test('CD1, CD2: another process gets the bytes, says that it is done, and they are gone', async () => {
  const databasePath = join(directory, 'capture.db')
  const child = await startChild(databasePath)
  const capture = openCapture(databasePath)
  assert.equal(statSync(`${databasePath}.sock`).mode & 0o777, 0o600)
  assert.deepEqual(await capture.screenshot(child.screenshot), imageOf(imageBytes))
  assert.deepEqual(await capture.screenshot(child.screenshot.toUpperCase()), imageOf(imageBytes))
  const { pid, database, windows, metrics, health, limits } = await capture.status()
  assert.deepEqual([pid, database, windows?.open], [child.process.pid, databasePath, 1])
  assert.deepEqual([metrics.events.stored, metrics.screenshots.live, health.status], [1, 1, 'pass'])
  assert.equal(limits.queue_events, defaultConfig.queueEventsMax)
  assert.match(await capture.metrics(), /^chronicle_capture_events_total\{outcome="stored"\} 1$/m)

  await capture.analysed([randomUUID(), child.screenshot])
  assert.equal((await capture.status()).metrics.screenshots.live, 0)
  assert.deepEqual(readdirSync(`${databasePath}-screenshots`), [])
  await assert.rejects(
    capture.screenshot(child.screenshot),
    error =>
      error instanceof ScreenshotError &&
      error.code === 'capture.screenshot-deleted' &&
      error.details.reason === 'analysed',
  )
  await assert.rejects(capture.screenshot(randomUUID()), isCode('capture.screenshot-unknown'))
  await assert.rejects(capture.screenshot('../status'), isCode('capture.door-request'))
  await capture.analysed([child.screenshot])
  await end(child, 'SIGTERM')
  assert.ok(!existsSync(`${databasePath}.sock`))
  await assert.rejects(capture.status(), isCode('capture.not-open'))
})

test('CD4: the socket of a killed process is replaced; that of a living one, and whatever else lies there, is not', async () => {
  const databasePath = join(directory, 'killed.db')
  const socket = `${databasePath}.sock`
  const child = await startChild(databasePath)
  await end(child, 'SIGKILL')
  assert.ok(statSync(socket).isSocket())
  await assert.rejects(openCapture(databasePath).status(), isCode('capture.not-open'))

  const next = await StorageModule.create({ ...defaultConfig, databasePath })
  await next.run()
  assert.equal((await openCapture(databasePath).status()).pid, process.pid)
  const rival = await StorageModule.create({ ...defaultConfig, databasePath: join(directory, 'rival.db'), socket })
  await assert.rejects(rival.run(), isCode('capture.door-unusable'))
  await rival.shutdown()
  assert.equal((await openCapture(databasePath).status()).database, databasePath)
  await next.shutdown()

  writeFileSync(socket, 'notes of a person')
  const refused = await StorageModule.create({ ...defaultConfig, databasePath })
  await assert.rejects(refused.run(), isCode('capture.door-unusable'))
  await refused.shutdown()
  assert.equal(readFileSync(socket, 'utf8'), 'notes of a person')
  await assert.rejects(openCapture(databasePath).status(), isCode('capture.not-open'))
})

test('a path that no socket can have is refused before anything is opened, and another may be set', async () => {
  const far = join(directory, 'd'.repeat(100))
  mkdirSync(far)
  const databasePath = join(far, 'capture.db')
  const tooLong = isCode('capture.door-path-too-long')
  await assert.rejects(StorageModule.create({ ...defaultConfig, databasePath }), tooLong)
  assert.throws(() => openCapture(databasePath), tooLong)
  assert.match(captureErrors.specs['capture.door-path-too-long'].remedy, /storage\.socket/)
  assert.deepEqual(readdirSync(far), [])
  const socket = join(directory, 'near.sock')
  const storage = await StorageModule.create({ ...defaultConfig, databasePath, socket })
  await storage.run()
  assert.equal((await openCapture(databasePath, { socket }).status()).database, databasePath)
  await storage.shutdown()
})

test('what the database cannot be asked is left out of the status, and the rest is told', async () => {
  const databasePath = join(directory, 'damaged.db')
  const storage = await StorageModule.create({ ...defaultConfig, databasePath })
  await storage.run()
  const other = new DatabaseSync(databasePath)
  other.exec('DROP TABLE windows')
  other.close()
  const { windows, pid, metrics } = await openCapture(databasePath).status()
  assert.deepEqual([windows, pid, metrics.screenshots.live], [null, process.pid, 0])
  await storage.shutdown()
})
