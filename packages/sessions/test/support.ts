/** Sessions over a real local store and a real vault in a directory of their own, with a store in between that can fail. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ChronicleError, type Clock, seededRandom, systemClock, systemRandom } from '@chronicle/base'
import { type ObjectStore, objectErrors, openLocalStore, readObject } from '@chronicle/objects'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import {
  type AuditEvent,
  createVault,
  type KeyStorage,
  keyFileSource,
  openVault,
  type Vault,
  vaultErrors,
} from '@chronicle/vault'
import { defaultSessionSettings, type OpenSessionsOptions, openSessions, type Sessions } from '../src/index.ts'
import { FaultyStore } from './faulty-store.ts'

export const origin = 'example.com/chronicle'

export type Running = {
  readonly sessions: Sessions
  readonly store: FaultyStore
  readonly vault: Vault
  readonly audit: Omit<AuditEvent, 'at'>[]
  readonly health: Health
  /** The process is gone: nothing that it still does reaches the store. */
  kill(): void
}

export type House = {
  readonly directory: string
  readonly store: ObjectStore
  open(
    options?: Partial<Omit<OpenSessionsOptions, 'settings'>> & { settings?: Partial<OpenSessionsOptions['settings']> },
  ): Promise<Running>
}

/** Where a sync costs nothing, for tests with thousands of small objects that no machine loses its power in. */
export const fastDirectory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A directory with a store and a vault, until the test ends. */
export async function makeHouse(t: Pick<TestContext, 'after'>, parent = tmpdir()): Promise<House> {
  const directory = mkdtempSync(join(parent, 'sessions-'))
  const store = await openLocalStore({ directory: join(directory, 'objects'), random: systemRandom })
  const source = keyFileSource({ path: join(directory, 'master.key') })
  const common = { clock: systemClock, random: systemRandom }
  const made = await createVault({ storage: keyStorage(store), source, audit: { record: async () => {} }, ...common })
  made.close()
  const running: Running[] = []
  t.after(async () => {
    for (const { sessions } of running) await sessions.close().catch(() => undefined)
    await store.close()
    rmSync(directory, { recursive: true })
  })
  return {
    directory,
    store,
    async open({ settings, ...options } = {}) {
      const faulty = new FaultyStore(store)
      const audit: Omit<AuditEvent, 'at'>[] = []
      const log = { record: async (event: Omit<AuditEvent, 'at'>) => void audit.push(event) }
      const vault = await openVault({ storage: keyStorage(faulty), sources: [source], audit: log, ...common })
      const health = new Health()
      const sessions = await openSessions({
        store: faulty,
        vault,
        audit: log,
        ...common,
        logger: silentLogger,
        registry: createRegistry(),
        health,
        origin,
        ...options,
        settings: { ...defaultSessionSettings, ...settings },
      })
      const one = { sessions, store: faulty, vault, audit, health, kill: () => faulty.kill() }
      running.push(one)
      return one
    },
  }
}

/** The key store among the objects, as the server keeps it. */
function keyStorage(store: ObjectStore): KeyStorage {
  const key = (name: string): string => `vault/${name}`
  return {
    location: store.location,
    async read(name) {
      const info = await store.head(key(name))
      return info && { bytes: await readObject(store, key(name), { bytesMax: 1 << 20 }), version: info.version }
    },
    async write(name, bytes, expected) {
      try {
        const condition = expected === undefined ? 'absent' : { version: expected }
        return (await store.put(key(name), bytes, { condition })).version
      } catch (error) {
        if (!objectErrors.is(error) || !['objects.exists', 'objects.changed'].includes(error.code)) throw error
        throw vaultErrors.create('vault.store-changed', { record: name }, error)
      }
    },
    remove: name => store.delete(key(name)),
    async *list(prefix) {
      for await (const info of store.list({ prefix: key(prefix) })) yield info.key.slice('vault/'.length)
    },
  }
}

/** The payload of a chunk: the same for the same numbers, half of it compressible. */
export function payloadOf(index: number, bytes = 1000): Buffer {
  const payload = Buffer.from(seededRandom(index + 1).bytes(Math.min(bytes, 4096)))
  const whole = Buffer.alloc(bytes, 'chronicle ')
  for (let at = 0; at < bytes; at += 2 * payload.length) payload.copy(whole, at)
  return whole
}

export async function post(sessions: Sessions, sessionId: string, chunkIndex: number, body = payloadOf(chunkIndex)) {
  return sessions.process({ sessionId, chunkIndex, body })
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

export async function chunkOf(sessions: Sessions, sessionId: string, index: number): Promise<Buffer> {
  return readAll((await sessions.readChunk(sessionId, index)).body)
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Expects an error with this code. */
export async function refused(code: string, promise: Promise<unknown>): Promise<ChronicleError> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof ChronicleError, `${code} was expected, and ${String(error)} came`)
    assert.equal(error.code, code, error.message)
    return error
  }
  assert.fail(`${code} was expected, and nothing was refused`)
}

/** The keys of all objects of a session's chunks. */
export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list({ prefix })) keys.push(key)
  return keys
}

/** Time that only goes on when it is told to; for timers, not for waiting. */
export class ManualClock implements Clock {
  #now = 1_790_000_000_000
  #timers = new Set<{ at: number; every: number | undefined; action: () => void }>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(delayMs: number, action: () => void) {
    return this.#add(delayMs, undefined, action)
  }

  every(intervalMs: number, action: () => void) {
    return this.#add(intervalMs, intervalMs, action)
  }

  #add(delayMs: number, every: number | undefined, action: () => void) {
    const timer = { at: this.#now + delayMs, every, action }
    this.#timers.add(timer)
    return { cancel: () => void this.#timers.delete(timer) }
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now || !this.#timers.has(timer)) continue
      if (timer.every === undefined) this.#timers.delete(timer)
      else timer.at = this.#now + timer.every
      timer.action()
    }
  }
}

/** Lets everything go on that can. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turns(1)
}
