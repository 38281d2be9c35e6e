/** A group coordinator on a real log, asked through the codec, under a clock of the test's own; it can be closed and opened again. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Clock, systemClock, systemRandom, type Timer } from '@chronicle/base'
import { type Log, openLog } from '@chronicle/log'
import { createLogger, createRegistry, Health, type Registry, silentLogger } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal, walProfiles } from '@chronicle/wal'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  readRequestHeader,
} from '../../src/codec/messages.ts'
import type { Api, RequestToSend, ResponseReceived } from '../../src/codec/schema.ts'
import { createGroups, defaultGroupSettings, type GroupSettings, type Groups } from '../../src/groups/index.ts'

/** Time that stands still until the test moves it. */
export class TestClock implements Clock {
  nowMs = 1_800_000_000_000
  readonly #timers = new Set<{ atMs: number; readonly ring: () => void }>()

  now(): number {
    return this.nowMs
  }

  monotonic(): number {
    return this.nowMs
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { atMs: this.nowMs + delayMs, ring: action }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  every(intervalMs: number, action: () => void): Timer {
    let timer = this.after(intervalMs, () => again())
    const again = (): void => {
      timer = this.after(intervalMs, () => again())
      action()
    }
    return { cancel: () => timer.cancel() }
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets the calendar move on while no timer does. */
  skip(ms: number): void {
    this.nowMs += ms
    for (const timer of this.#timers) timer.atMs += ms
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    for (;;) {
      const next = [...this.#timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!next) break
      this.#timers.delete(next)
      this.nowMs = next.atMs
      next.ring()
    }
    this.nowMs = untilMs
  }
}

export class House {
  readonly clock = new TestClock()
  readonly directory = mkdtempSync(join(tmpdir(), 'chronicle-groups-'))
  readonly settings: GroupSettings
  /** What was logged at level error. */
  readonly errors: string[] = []
  log!: Log
  groups!: Groups
  registry!: Registry
  /** Stands between the groups and the log. */
  readonly wrap: (log: Log) => Log

  private constructor(settings: Partial<GroupSettings>, wrap: (log: Log) => Log) {
    this.settings = { ...defaultGroupSettings, ...settings }
    this.wrap = wrap
  }

  static async open(
    context: TestContext,
    settings: Partial<GroupSettings> = {},
    wrap: (log: Log) => Log = log => log,
  ): Promise<House> {
    const house = new House(settings, wrap)
    await house.start()
    await house.log.createTopic({ name: 't', partitions: 3 })
    await house.log.createTopic({ name: 'u', partitions: 1 })
    context.after(async () => {
      await house.stop()
      rmSync(house.directory, { recursive: true, force: true })
    })
    return house
  }

  async start(): Promise<void> {
    this.registry = createRegistry()
    const common = { disk: nodeDisk, clock: systemClock, random: systemRandom, logger: silentLogger }
    const limits = { ...walProfiles.low, freeBytesMin: 0, prewriteBytes: 0 }
    const directory = join(this.directory, 'wal')
    const registry = createRegistry()
    this.log = await openLog({
      ...common,
      ...{ registry, health: new Health(), directory: this.directory },
      openWal: args => openDiskWal({ ...common, registry, directory, limits, ...args }),
    })
    this.groups = createGroups({
      ...{ log: this.wrap(this.log), clock: this.clock, random: systemRandom, registry: this.registry },
      logger: createLogger({ level: 'error', write: line => void this.errors.push(line) }),
      settings: this.settings,
      coordinator: () => ({ nodeId: 1, host: 'broker.test', port: 9092 }),
    })
  }

  async stop(): Promise<void> {
    await this.groups.stop()
    await this.log.close()
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Asks as a client does: through the wire form of the request and of the response. */
  async ask<A extends Api>(api: A, version: number, request: RequestToSend<A>): Promise<ResponseReceived<A>> {
    const handler = this.groups.handlers.find(each => each.api.key === api.key)
    assert(handler, `${api.name} must have a handler`)
    const frame = Buffer.concat(encodeRequest(api, version, { correlationId: 7, clientId: 'test' }, request).pieces)
    const { bodyStart } = readRequestHeader(frame, 4, frame.length)
    const received = decodeRequest(handler.api, version, frame, bodyStart, frame.length)
    const answer = await handler.handle(received, {
      ...{ apiVersion: version, clientId: 'test', connectionId: 1, clientHost: '/127.0.0.1' },
      ...{ closed: new AbortController().signal, afterSend: () => undefined },
    })
    assert(answer, 'groups answer every request')
    const response = Buffer.concat(encodeResponse(handler.api, version, 7, answer).pieces)
    return decodeResponse(api, version, response.subarray(4)).value
  }
}
