import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@chronicle/base'
import { defaultConfig, StorageModule } from '../src/index.ts'
import { eventually } from './bus-support.ts'
import { assertNothingPlain } from './storage-support.ts'

const childPath = fileURLToPath(new URL('./storage-child.ts', import.meta.url))
const kills = Number(process.env.CRASH_KILLS ?? 4)
const seed = Number(process.env.CRASH_SEED ?? 1)
const liveMsMax = 1500
const uuidLength = 36

/** What was told over all lives. */
class Told {
  readonly stored = new Set<string>()
  /** Of each event, the batch that it was in. */
  readonly batchOf = new Map<string, string>()

  take(line: string): void {
    // The kill may have cut the last line.
    const [word, ...ids] = line.split(' ').filter((part, place) => place === 0 || part.length === uuidLength)
    if (word === 'stored') for (const id of ids) this.stored.add(id)
    if (word === 'batch' && ids.length > 0) this.batch(ids[0]!, ids.slice(1))
  }

  batch(batchId: string, events: readonly string[]): void {
    for (const id of events) {
      assert.equal(this.batchOf.get(id) ?? batchId, batchId, 'an event is in one batch')
      this.batchOf.set(id, batchId)
    }
  }

  get missing(): string[] {
    return [...this.stored].filter(id => !this.batchOf.has(id))
  }
}

async function liveAndDie(databasePath: string, liveMs: number, told: Told): Promise<void> {
  const child = spawn(process.execPath, [childPath, databasePath], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ready = Promise.withResolvers<void>()
  createInterface({ input: child.stdout }).on('line', line => (line === 'ready' ? ready.resolve() : told.take(line)))
  const closed = once(child, 'close')
  void closed.then(() => ready.reject(new Error(`the child ended by itself: ${child.exitCode}`)))
  await ready.promise
  await sleep(liveMs)
  child.kill('SIGKILL')
  await closed
}

test('CS1, CS4, CW4: a killed capture loses no stored event, and leaves no screenshot and nothing to read', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'capture-kill-'))
  const databasePath = join(directory, 'capture.db')
  const random = seededRandom(seed)
  const told = new Told()
  let filesLeft = 0
  for (let kill = 1; kill <= kills; kill++) {
    await liveAndDie(databasePath, random.int(liveMsMax), told)
    filesLeft += readdirSync(`${databasePath}-screenshots`).length
    assertNothingPlain(directory)
  }
  const storage = await StorageModule.create({ ...defaultConfig, batchWindowSeconds: 1, databasePath })
  assert.deepEqual(readdirSync(`${databasePath}-screenshots`), [])
  storage.bus.subscribeBatches(async batch =>
    told.batch(
      batch.batch_id,
      batch.events.map(event => event.id),
    ),
  )
  await storage.run()
  await eventually(() => told.missing.length === 0)
  await storage.shutdown()
  assertNothingPlain(directory)
  t.diagnostic(`${kills} kills, ${told.stored.size} events known to be stored, ${filesLeft} files of screenshots left`)
  assert.ok(told.stored.size > 0, 'nothing was stored')
  rmSync(directory, { recursive: true, force: true })
})
