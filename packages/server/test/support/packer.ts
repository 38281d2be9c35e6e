/** A packer in this process, with an archive, a ring and keys of its own, on a clock that the test moves. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, Lifecycle, systemRandom } from '@chronicle/base'
import { parseConfigFile, resolveSettings } from '@chronicle/config'
import {
  type ArchivedFile,
  askPacker,
  openArchiveReader,
  openRingWriter,
  type PackerHealth,
  type PackerSettings,
  packerSettings,
  type ServiceStatus,
} from '@chronicle/packer'
import { createLogger, silentLogger } from '@chronicle/telemetry'
import { Int64, Table, tableToIPC, Utf8, vectorFromArray } from 'apache-arrow'
import { openArchiveKeys } from '../../src/packer/keys.ts'
import { packerPlaces } from '../../src/packer/places.ts'
import { type RunningPacker, servePacker } from '../../src/packer/serve.ts'

export type TestEvent = { readonly id: string; readonly at: string; readonly data?: string }

/** Events as a recorder writes them. `at` is a time as in ISO 8601. */
export function eventStream(events: readonly TestEvent[]): Uint8Array {
  const text = (values: readonly (string | null)[]) => vectorFromArray(values, new Utf8())
  const all = (value: string | null) => text(events.map(() => value))
  const times = events.map(({ at }) => BigInt(Date.parse(at)) * 1_000_000n)
  return tableToIPC(
    new Table({
      timestamp_ns: vectorFromArray(times, new Int64()),
      event_type: all('key'),
      app_bundle_id: all(null),
      window_title: all(null),
      data: text(events.map(({ data }) => data ?? '{}')),
      session_id: all('s'),
      event_id: text(events.map(({ id }) => id)),
    }),
    'stream',
  )
}

/** A clock that stands still until it is told: `advance` lets time pass, `jump` sets the wall clock as a person or NTP does. */
export class HandClock implements Clock {
  #now: number
  #monotonic = 0
  /** Passes with every look at the monotonic clock. */
  stepMs = 0
  #timers: { at: number; everyMs: number | undefined; action: () => void }[] = []

  constructor(now: string) {
    this.#now = Date.parse(now)
  }

  now = (): number => this.#now
  monotonic = (): number => {
    this.#move(this.#monotonic + this.stepMs)
    return this.#monotonic
  }
  after = (delayMs: number, action: () => void) => this.#add(delayMs, undefined, action)
  every = (everyMs: number, action: () => void) => this.#add(everyMs, everyMs, action)

  jump(now: string): void {
    this.#now = Date.parse(now)
  }

  /** Fires what is due on the way, in order, and gives it room to go on. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      this.#move(next ? next.at : end)
      if (!next) return
      if (next.everyMs === undefined) this.#timers = this.#timers.filter(each => each !== next)
      else next.at += next.everyMs
      next.action()
      await new Promise(setImmediate)
    }
  }

  #move(to: number): void {
    this.#now += Math.max(0, to - this.#monotonic)
    this.#monotonic = Math.max(to, this.#monotonic)
  }

  #add(delayMs: number, everyMs: number | undefined, action: () => void) {
    const timer = { at: this.#monotonic + delayMs, everyMs, action }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter(each => each !== timer)) }
  }
}

export type LogLine = Readonly<Record<string, unknown>>

/** A directory with all that belongs to one packer, which may be started in it again and again. */
export class PackerHome {
  readonly home = mkdtempSync(join(tmpdir(), 'chronicle-packer-'))
  readonly base = join(this.home, 'archive')
  readonly ring = join(this.home, 'ring')
  readonly keyFile = join(this.home, 'master.key')
  readonly clock: HandClock
  readonly log: LogLine[] = []
  readonly #toml: string
  #running: RunningPacker | undefined

  constructor(now: string, toml = '') {
    mkdirSync(this.base)
    this.clock = new HandClock(now)
    this.#toml = toml
  }

  get settings(): PackerSettings {
    const own = {
      'storage.base_path': this.base,
      'ring_buffer.path': this.ring,
      'ring_buffer.size': 1024 * 1024,
      'metrics.port': 0,
      'encryption.key_source': 'file',
      'encryption.key_file': this.keyFile,
    }
    const lines = Object.entries(own).filter(([key]) => !this.#toml.includes(key))
    const text = [...lines.map(([key, value]) => `${key} = ${JSON.stringify(value)}`), this.#toml].join('\n')
    const sources = { flags: {}, environment: {}, file: parseConfigFile('packer.toml', text), directory: this.home }
    return resolveSettings(packerSettings, sources).values
  }

  async start(): Promise<void> {
    const write = (line: string) => void this.log.push(JSON.parse(line) as LogLine)
    const logger = createLogger({ level: 'debug', format: 'json', clock: this.clock, write })
    const { settings, clock } = this
    const random = systemRandom
    this.#running = await servePacker({ settings, clock, random, logger, version: 'test', onStop: () => undefined })
  }

  async stop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    for (const { name, outcome, error } of (await running?.stop()) ?? []) {
      assert.equal(outcome, 'stopped', `${name}: ${error}`)
    }
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.home, { recursive: true, force: true })
  }

  async write(...events: readonly TestEvent[]): Promise<void> {
    await this.writeBytes(eventStream(events))
  }

  async writeBytes(payload: Uint8Array): Promise<void> {
    const writer = await openRingWriter({ path: this.ring })
    assert.equal(await writer.write('events', payload, 1000), true)
    writer.close()
  }

  /** Reads a file of the archive as another process does, compares it with the manifest, and says how many rows it has. */
  async rowsOf({ path, rows }: ArchivedFile): Promise<number | undefined> {
    const lifecycle = new Lifecycle(this.clock)
    const [random, logger, places] = [systemRandom, silentLogger, packerPlaces(this.settings)]
    const { keys } = await openArchiveKeys(
      { settings: this.settings, places, clock: this.clock, random, logger },
      lifecycle,
    )
    try {
      const reader = await openArchiveReader({ basePath: this.base, keys })
      await reader.verify(reader.select({ paths: [path] })[0]!)
      return rows
    } finally {
      await lifecycle.stop(1000)
    }
  }

  /** As `chronicle-packer status` and its neighbours ask. */
  async ask(command: string, more: object = {}): Promise<Record<string, unknown>> {
    const answer = await askPacker(join(this.base, 'metadata', 'packer.sock'), { command, ...more })
    assert.ok(answer, 'a packer answers')
    return answer
  }

  async health(): Promise<PackerHealth> {
    return (await this.ask('health')) as unknown as PackerHealth
  }

  async status(): Promise<ServiceStatus> {
    return (await this.ask('status')) as unknown as ServiceStatus
  }

  /** The value of a counter or gauge, or of `NAME_count` of a histogram. */
  async metric(name: string): Promise<number> {
    const { body } = await this.ask('metrics', { format: 'prometheus' })
    const line = String(body)
      .split('\n')
      .find(each => each.startsWith(`${name} `))
    assert.ok(line, name)
    return Number(line.split(' ')[1])
  }

  /** Waits for what happens by itself, a few seconds at most. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    for (let look = 0; look < 1000; look++) {
      if (await holds()) return
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    assert.fail('it did not happen')
  }

  /** Lets seconds pass until the last run is over, and says what began it; undefined where none begins. */
  async lastReason(seconds = 5): Promise<string | undefined> {
    for (let second = 0; second < seconds; second++) {
      await this.clock.advance(1000)
      for (;;) {
        const { running, lastRun } = await this.status()
        if (!running) {
          if (lastRun) return lastRun.reason
          break
        }
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    }
    return undefined
  }
}
