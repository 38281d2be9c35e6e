import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Random, seededRandom } from '@chronicle/base'
import { defaultConfig, type EventBatch, StorageModule } from '../src/index.ts'
import { pathsBeside } from '../src/paths.ts'
import { eventually } from './bus-support.ts'
import type { DiskScan } from './disk-scan.ts'
import { privateScan } from './storage-support.ts'

const childPath = fileURLToPath(new URL('./storage-child.ts', import.meta.url))
/** Each kill is of another moment than the one before: six show all of them. */
const kills = Number(process.env.CRASH_KILLS ?? 6)
const seed = Number(process.env.CRASH_SEED ?? 1)
const busyMsMax = 600
const openingMsMax = 600
const stoppingMsMax = 30
/** Longer than a window and what it waits for late events. */
const suspendedMs = 1200
/** Files that an earlier life seems to have left: their removal takes a moment. */
const plantedFiles = 400

/** What was told over all lives. */
class Told {
  readonly stored = new Set<string>()
  /** Of each event, the batch that it was in. */
  readonly batchOf = new Map<string, string>()
  readonly #scan: DiskScan

  constructor(scan: DiskScan) {
    this.#scan = scan
  }

  /** A line of the child; the last one may be cut. */
  take(line: string): void {
    const [word, ...rest] = line.split(' ')
    const ids = rest.filter(id => id.length === 36)
    if (word === 'left') assert.equal(rest[0], '0', 'files of screenshots are there after a start')
    if (word === 'key' && rest[0]?.length === 64) this.#scan.addKey(Buffer.from(rest[0], 'hex'))
    if (word === 'stored') for (const id of ids) this.stored.add(id)
    if (word === 'batch' && ids[0]) this.batch(ids[0], ids.slice(1))
  }

  batch(batchId: string, events: readonly string[]): void {
    for (const id of events) {
      assert.equal(this.batchOf.get(id) ?? batchId, batchId, 'CW4: an event is in one batch')
      this.batchOf.set(id, batchId)
    }
  }

  get missing(): string[] {
    return [...this.stored].filter(id => !this.batchOf.has(id))
  }
}

/** One life of a capture, and the moment at which it ends. */
class Life {
  readonly shotsDirectory: string
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #words = new Map<string, PromiseWithResolvers<void>>()
  readonly #random: Random
  #failure: unknown

  constructor(databasePath: string, random: Random, told: Told) {
    this.#random = random
    this.shotsDirectory = pathsBeside(databasePath).screenshots
    mkdirSync(this.shotsDirectory, { recursive: true })
    const args = [childPath, databasePath, String(random.int(1_000_000))]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: this.#child.stdout! }).on('line', line => {
      try {
        told.take(line)
      } catch (error) {
        this.#failure ??= error
      }
      this.#word(line.split(' ')[0]!).resolve()
    })
    this.#closed = once(this.#child, 'close')
  }

  async said(word: string): Promise<void> {
    const ended = this.#closed.then(() => assert.fail(`the child ended by itself: ${this.#child.exitCode}`))
    await Promise.race([this.#word(word).promise, ended])
  }

  pause(msMax: number): Promise<unknown> {
    return sleep(this.#random.int(msMax))
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** As soon as a file of a screenshot appears or goes. */
  async fileChange(): Promise<void> {
    const { promise: changed, resolve } = Promise.withResolvers<void>()
    const watcher = watch(this.shotsDirectory, (_, name) => name?.endsWith('.sealed') && resolve())
    await Promise.race([changed, this.#closed])
    watcher.close()
  }

  /** Throws what was wrong with what it told. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
    if (this.#failure) throw this.#failure
  }

  #word(word: string): PromiseWithResolvers<void> {
    const found = this.#words.get(word) ?? Promise.withResolvers<void>()
    this.#words.set(word, found)
    return found
  }
}

/** Brings a life to the moment at which it is killed. */
const moments: Record<string, (life: Life) => Promise<unknown>> = {
  async busy(life) {
    await life.said('stored')
    await life.pause(busyMsMax)
  },
  async writingFile(life) {
    await life.said('ready')
    await life.pause(busyMsMax / 2)
    await life.fileChange()
    await life.pause(3)
  },
  async sweeping(life) {
    await life.fileChange()
  },
  async stopping(life) {
    await life.said('ready')
    await life.pause(busyMsMax)
    life.signal('SIGTERM')
    await life.said('stopping')
    await life.pause(stoppingMsMax)
  },
  async suspended(life) {
    await life.said('ready')
    await life.pause(busyMsMax)
    life.signal('SIGSTOP')
    await sleep(suspendedMs)
    life.signal('SIGCONT')
    await life.pause(busyMsMax)
  },
  async opening(life) {
    await life.pause(openingMsMax)
  },
}
const names = Object.keys(moments)

function plantFiles(directory: string): void {
  for (let file = 0; file < plantedFiles; file++)
    writeFileSync(join(directory, `${randomUUID()}.sealed`), randomBytes(100))
}

/** The next start, which takes up everything that the lives have left. */
async function takeUp(databasePath: string, told: Told): Promise<void> {
  const storage = await StorageModule.create({ ...defaultConfig, batchWindowSeconds: 1, databasePath })
  assert.deepEqual(readdirSync(pathsBeside(databasePath).screenshots), [], 'CS4')
  const journal = new DatabaseSync(databasePath, { readOnly: true })
  const undeleted = journal.prepare("SELECT count(*) AS shots FROM screenshots WHERE state <> 'deleted'").get()
  assert.equal(undeleted!.shots, 0, 'CS4: screenshots of an ended process are deleted')
  journal.close()
  const take = async ({ batch_id, events }: EventBatch): Promise<void> => {
    const ids = events.map(({ id }) => id)
    told.batch(batch_id, ids)
  }
  storage.bus.subscribeBatches(take)
  await storage.run()
  await eventually(() => told.missing.length === 0)
  await storage.shutdown()
}

test('CS1, CS4, CW4: a capture that is killed at whatever moment loses no stored event, and leaves no screenshot and nothing to read', async t => {
  t.diagnostic(`again with CRASH_SEED=${seed}`)
  const directory = mkdtempSync(join(tmpdir(), 'capture-kill-'))
  const databasePath = join(directory, 'capture.db')
  const random = seededRandom(seed)
  const scan = await privateScan(directory)
  const told = new Told(scan)
  const left = Object.fromEntries(names.map(name => [name, 0]))
  for (let kill = 0; kill < kills; kill++) {
    const name = names[kill % names.length]!
    const when = `kill ${kill + 1} of seed ${seed}, ${name}`
    if (name === 'sweeping') plantFiles(pathsBeside(databasePath).screenshots)
    const life = new Life(databasePath, random, told)
    try {
      await moments[name]!(life)
      if (name === 'busy') scan.assertClean(`before ${when}`)
    } finally {
      await life.kill()
    }
    left[name]! += readdirSync(life.shotsDirectory).length
    scan.assertClean(`after ${when}`)
  }
  await takeUp(databasePath, told)
  scan.assertClean('at the end')
  t.diagnostic(
    `${kills} kills, ${told.stored.size} events known to be stored; files of screenshots left ${JSON.stringify(left)}`,
  )
  assert.ok(told.stored.size > 0, 'nothing was stored')
  rmSync(directory, { recursive: true, force: true })
})
