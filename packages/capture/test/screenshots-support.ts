/** A place for screenshots, with a clock to turn by hand, a disk and a database that fail where a test says so, and a look at every byte that is left. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type Random, seededRandom, type Timer } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { DatabaseError } from '../src/errors.ts'
import type { PendingEvent } from '../src/event/check.ts'
import {
  nodeShotDisk,
  type ScreenshotLimits,
  type ScreenshotOptions,
  Screenshots,
  type ShotDisk,
  type ShotFile,
  screenshotLimits,
} from '../src/screenshots/index.ts'
import { CaptureDatabase } from '../src/store/database.ts'
import type { PayloadKeys } from '../src/store/payload-keys.ts'

export const windowMs = 30_000
/** The beginning of a window. */
export const startMs = 1_800_000_000_000 - (1_800_000_000_000 % windowMs)

export class TestClock implements Clock {
  wallMs = startMs
  monotonicMs = 1000
  readonly #timers = new Set<{ dueMs: number; everyMs: number | undefined; action: () => void }>()

  now(): number {
    return this.wallMs
  }

  monotonic(): number {
    return this.monotonicMs
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#add(delayMs, undefined, action)
  }

  every(intervalMs: number, action: () => void): Timer {
    return this.#add(intervalMs, intervalMs, action)
  }

  /** Lets so much time pass on both clocks, a second at a time, and what follows from it happen. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      const step = Math.min(left, 1000)
      this.wallMs += step
      this.monotonicMs += step
      for (const timer of [...this.#timers]) {
        if (timer.dueMs > this.monotonicMs) continue
        if (timer.everyMs === undefined) this.#timers.delete(timer)
        else timer.dueMs += timer.everyMs
        timer.action()
      }
      await settle()
    }
  }

  #add(delayMs: number, everyMs: number | undefined, action: () => void): Timer {
    const timer = { dueMs: this.monotonicMs + delayMs, everyMs, action }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }
}

/** Until what was begun on the disk is done: its operations take a few turns each. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Waits for something that happens in other threads. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (await holds()) return
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.fail('it never comes about')
}

/** Counts what is asked of disk, database and randomness, and decides what becomes of it. */
export class Steps {
  taken = 0
  /** Called with the number of the step; throws where the step fails. */
  check: (step: number) => void = () => undefined

  #running = 0

  take(): void {
    this.check(++this.taken)
  }

  async running<T>(work: () => Promise<T>): Promise<T> {
    this.#running++
    try {
      return await work()
    } finally {
      this.#running--
    }
  }

  /** What a process that has ended would not do any more is done. */
  async idle(): Promise<void> {
    await until(() => this.#running === 0)
    await settle()
    if (this.#running > 0) await this.idle()
  }
}

export class EndOfProcess extends Error {}

export function failingDisk(steps: Steps): ShotDisk {
  const taking = <T>(work: () => Promise<T>): Promise<T> =>
    steps.running(async () => {
      steps.take()
      return work()
    })
  return {
    makeDirectory: path => taking(() => nodeShotDisk.makeDirectory(path)),
    create: path =>
      taking(async () => {
        const file = await nodeShotDisk.create(path)
        return {
          write: bytes => steps.running(() => tornWrite(steps, file, bytes)),
          close: () => closeFile(steps, file),
        }
      }),
    read: path => taking(() => nodeShotDisk.read(path)),
    remove: path => taking(() => nodeShotDisk.remove(path)),
    list: path => taking(() => nodeShotDisk.list(path)),
  }
}

/** A write that fails has put a part of it on the disk. */
async function tornWrite(steps: Steps, file: ShotFile, bytes: Uint8Array): Promise<void> {
  try {
    steps.take()
  } catch (error) {
    await file.write(bytes.subarray(0, bytes.length >> 1))
    throw error
  }
  await file.write(bytes)
}

function closeFile(steps: Steps, file: ShotFile): Promise<void> {
  return steps.running(async () => {
    await file.close()
    steps.take()
  })
}

function failingDatabase(database: CaptureDatabase, steps: Steps): CaptureDatabase {
  const failing = {
    prepare: (text: string) => database.prepare(text),
    read: <T>(work: () => T) => database.read(work),
    transaction<T>(work: () => T): T {
      try {
        steps.take()
      } catch (error) {
        throw error instanceof EndOfProcess ? error : new DatabaseError('capture.database-io', {}, error)
      }
      return database.transaction(work)
    },
  }
  return failing as CaptureDatabase
}

/** Remembers what it gave out: keys and salts. */
class WatchedRandom implements Random {
  readonly given: Buffer[] = []
  readonly #source: Random
  readonly #steps: Steps

  constructor(seed: number, steps: Steps) {
    this.#source = seededRandom(seed)
    this.#steps = steps
  }

  uuid(): string {
    return this.#source.uuid()
  }

  int(limit: number): number {
    return this.#source.int(limit)
  }

  bytes(length: number): Uint8Array {
    if (length === 32) this.#steps.take()
    const bytes = this.#source.bytes(length)
    if (length === 32) this.given.push(Buffer.from(bytes))
    return bytes
  }
}

export function testKeys(): PayloadKeys {
  const current = { id: '5ea1ed00-0000-4000-8000-000000000001', epoch: 0, secret: createSecretKey(Buffer.alloc(32, 7)) }
  return { current, used: async () => undefined, opening: async () => current }
}

export type HouseOptions = Partial<Pick<ScreenshotOptions, 'devMode' | 'handOn'>> & {
  readonly limits?: Partial<ScreenshotLimits>
  readonly base?: string
  readonly seed?: number
}

/** Small enough that a few thousand bytes reach every limit. */
export const smallLimits: Partial<ScreenshotLimits> = {
  shotBytesMax: 100_000,
  memoryShotBytesMax: 2000,
  memoryBytesMax: 5000,
  waitingBytesMax: 200_000,
  filesBytesMax: 200_000,
}

export class House {
  readonly base: string
  readonly directory: string
  readonly steps = new Steps()
  readonly clock: TestClock
  readonly random: WatchedRandom
  readonly database: CaptureDatabase
  readonly registry = createRegistry()
  readonly #options: HouseOptions
  #screenshots: Screenshots | undefined

  constructor(options: HouseOptions = {}, clock = new TestClock()) {
    this.base = options.base ?? mkdtempSync(join(tmpdir(), 'screenshots-'))
    this.directory = join(this.base, 'shots')
    this.clock = clock
    this.random = new WatchedRandom(options.seed ?? 1, this.steps)
    this.database = CaptureDatabase.open({ path: join(this.base, 'capture.db') })
    this.#options = options
  }

  async open(): Promise<Screenshots> {
    const { limits, devMode = false, handOn } = this.#options
    this.#screenshots = await Screenshots.open({
      database: failingDatabase(this.database, this.steps),
      directory: this.directory,
      disk: failingDisk(this.steps),
      keys: testKeys(),
      limits: { ...screenshotLimits, ...smallLimits, ...limits },
      times: { windowMs, allowedLatenessMs: 500, afterWindowMs: 30_000 },
      devMode,
      handOn,
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      registry: this.registry,
    })
    return this.#screenshots
  }

  get files(): string[] {
    return existsSync(this.directory) ? readdirSync(this.directory) : []
  }

  rows(): { state: string; place: string; reason: string | null }[] {
    const select = this.database.prepare('SELECT state, place, reason FROM screenshots')
    return (select.all() as { state: string; place: string; reason: string | null }[]).map(row => ({ ...row }))
  }

  /** CS1: neither a piece of an image, nor a key, nor a title stands anywhere below the directory. */
  assertNothingPlain(): void {
    for (const entry of readdirSync(this.base, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const bytes = readFileSync(join(entry.parentPath, entry.name))
      assert.ok(!bytes.includes(marker), `${entry.name} holds a piece of an image`)
      assert.ok(!bytes.includes(title), `${entry.name} holds a title`)
      for (const key of this.random.given) assert.ok(!bytes.includes(key), `${entry.name} holds a key`)
    }
  }

  /** As a process that ends: nobody asks this one any more. */
  close(): void {
    this.database.close()
  }

  async remove(): Promise<void> {
    this.steps.check = () => undefined
    await this.#screenshots?.stop()
    this.close()
    rmSync(this.base, { recursive: true, force: true })
  }
}

/** In every image, at every few bytes. */
export const marker = Buffer.from('PLAIN-IMAGE-PIXELS-0123456789')
const title = Buffer.from('a private title')

/** Bytes of no known format, which differ by `number`. */
export function imageOf(bytes: number, number = 0): Buffer {
  const image = Buffer.alloc(bytes, marker)
  image.writeUInt32BE(number, 0)
  return image
}

export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
}

export function eventOf(number: number, changes: Partial<PendingEvent> = {}): PendingEvent {
  const metadata = {
    window_title: title.toString(),
    app_name: 'editor',
    screen_region: { x: 0, y: 0, width: 1920, height: 1080 },
    privacy_masked: false,
    text_density: 0.99,
  }
  return {
    id: idOf(number + 0x1000_0000),
    sessionId: idOf(0x2000_0000),
    timestamp: startMs + 1,
    eventType: 'screenshot',
    json: JSON.stringify({ screenshot_id: idOf(number), metadata }),
    receivedMs: startMs + 1,
    ...changes,
  }
}
