import { createSecretKey } from 'node:crypto'
import { type Clock, type Random, seededRandom, systemClock } from '@chronicle/base'
import {
  type AuditEvent,
  type AuditLog,
  createVault,
  type KeyStorage,
  type MasterSource,
  openVault,
  type Vault,
  vaultErrors,
} from '../src/index.ts'

/** The process ended here, as far as the storage is concerned. */
export class Crash extends Error {}

type Stored = { bytes: Uint8Array; version: string }

/** Records in memory. `crashAfter` writes and removals every further one fails, and does nothing. */
export class MemoryKeyStorage implements KeyStorage {
  readonly location = 'memory'
  readonly records = new Map<string, Stored>()
  /** Every byte that was ever written. */
  readonly history: Uint8Array[] = []
  writes = 0
  crashAfter = Number.POSITIVE_INFINITY
  /** Awaited before every operation, so that two vaults interleave. */
  pause: (operation: 'read' | 'write' | 'remove' | 'list', name: string) => Promise<void> = async () => undefined
  #version = 0

  copy(): MemoryKeyStorage {
    const copy = new MemoryKeyStorage()
    for (const [name, { bytes, version }] of this.records)
      copy.records.set(name, { bytes: Buffer.from(bytes), version })
    copy.#version = this.#version
    return copy
  }

  async read(name: string): Promise<Stored | undefined> {
    await this.pause('read', name)
    const found = this.records.get(name)
    return found && { bytes: Buffer.from(found.bytes), version: found.version }
  }

  async write(name: string, bytes: Uint8Array, expected: string | undefined): Promise<string> {
    await this.pause('write', name)
    this.step()
    if (this.records.get(name)?.version !== expected) throw vaultErrors.create('vault.store-changed', { record: name })
    return this.plant(name, bytes)
  }

  async remove(name: string): Promise<void> {
    await this.pause('remove', name)
    this.step()
    this.records.delete(name)
  }

  async *list(prefix: string): AsyncIterable<string> {
    await this.pause('list', prefix)
    yield* [...this.records.keys()].filter(name => name.startsWith(prefix)).sort()
  }

  plant(name: string, bytes: Uint8Array): string {
    const version = `v${++this.#version}`
    this.records.set(name, { bytes: Buffer.from(bytes), version })
    this.history.push(Buffer.from(bytes))
    return version
  }

  /** One more thing that the process did. */
  step(): void {
    if (this.writes++ >= this.crashAfter) throw new Crash('the process ended')
  }
}

export class MemoryAudit implements AuditLog {
  readonly events: Omit<AuditEvent, 'at'>[] = []

  async record(event: Omit<AuditEvent, 'at'>): Promise<void> {
    this.events.push(event)
  }

  actions(): string[] {
    return this.events.map(({ action, outcome }) => (outcome === 'done' ? action : `${action} ${outcome}`))
  }
}

/** A master that is given, and costs nothing to open. */
export function fixedSource(fill: number | Uint8Array, kind: MasterSource['kind'] = 'file'): MasterSource {
  const master = createSecretKey(typeof fill === 'number' ? Buffer.alloc(32, fill) : fill)
  return {
    kind,
    make: async () => ({ master, parameters: { path: `/fixed/${typeof fill === 'number' ? fill : 'key'}` } }),
    open: async () => master,
  }
}

/** A clock that stands still until it is moved. `set` changes what time it shows, and not how much has passed. */
export function handClock(
  startMs = 1_790_000_000_000,
): Clock & { advance(ms: number): void; set(nowMs: number): void } {
  let ms = 0
  let originMs = startMs
  return {
    now: () => originMs + ms,
    monotonic: () => ms,
    after: systemClock.after,
    every: systemClock.every,
    advance: by => void (ms += by),
    set: nowMs => void (originMs = nowMs - ms),
  }
}

/** Makes operations on the storage take a random number of turns, most few and some very many, so that they overlap in all ways. */
export function jitter(storage: MemoryKeyStorage, seed: number): void {
  const random = seededRandom(seed)
  storage.pause = async () => {
    const turns = random.int(8) === 0 ? random.int(600) : random.int(6)
    for (let turn = 0; turn < turns; turn++) await undefined
  }
}

export type Bench = {
  readonly storage: MemoryKeyStorage
  readonly audit: MemoryAudit
  readonly clock: ReturnType<typeof handClock>
  readonly random: Random
  create(source?: MasterSource): Promise<Vault>
  open(source?: MasterSource): Promise<Vault>
}

export function bench(
  options: { storage?: MemoryKeyStorage; seed?: number; maxAgeMs?: number; usesMax?: number } = {},
): Bench {
  const { storage = new MemoryKeyStorage(), seed = 1, ...limits } = options
  const [audit, clock, random] = [new MemoryAudit(), handClock(), seededRandom(seed)]
  const common = { storage, audit, clock, random, ...limits }
  return {
    storage,
    audit,
    clock,
    random,
    create: (source = fixedSource(1)) => createVault({ ...common, source }),
    open: (source = fixedSource(1)) => openVault({ ...common, sources: [source] }),
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export function coded(code: string): (error: unknown) => boolean {
  return error => {
    if (vaultErrors.is(error) && error.code === code) return true
    throw error
  }
}
