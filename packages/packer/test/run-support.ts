/** An archive on a real disk, a real vault, and a source in memory that remembers what was released. */

import assert from 'node:assert/strict'
import { createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, seededRandom, systemClock, systemRandom } from '@chronicle/base'
import {
  type AuditLog,
  createVault,
  type KeyStorage,
  type MasterSource,
  open,
  openVault,
  parseSealedHeader,
  sealKeyOf,
  vaultErrors,
} from '@chronicle/vault'
import { type Archive, openArchive } from '../src/archive/archive.ts'
import type { ArchiveSettings } from '../src/archive/archive-settings.ts'
import type { ArchivedFile, ArchiveKeys, EventSource, SourceSlice } from '../src/archive/contract.ts'
import { type Disk, nodeDisk } from '../src/archive/disk.ts'
import { isEncryptedParquet, parquetKeyMetadata } from '../src/parquet/index.ts'
import { type DrainOptions, drain } from '../src/run/drain.ts'
import { LocalFiles } from '../src/run/files.ts'
import { decrypt, sourceOf } from './parquet-decrypt-support.ts'
import { readRows } from './parquet-support.ts'
import { temporaryBase } from './temporary-base.ts'

export function settingsFor(basePath: string, more: Partial<ArchiveSettings> = {}): ArchiveSettings {
  return {
    basePath,
    retentionDays: 0,
    compressionLevel: 6,
    maxFileBytes: 1 << 30,
    directoryFormat: '%Y/%m/%d',
    checksumAlgorithm: 'blake3',
    rowGroupRows: 65_536,
    pageBytes: 8192,
    parquetCodec: 'SNAPPY',
    dictionaryEncoding: true,
    statistics: true,
    bloomFilterEnabled: true,
    bloomFilterFpp: 0.1,
    bloomFilterColumns: ['app_bundle_id', 'window_title'],
    encryptionEnabled: true,
    parquetEncryption: 'sealed',
    timezone: 'UTC',
    maxProcessingMs: 3_600_000,
    ...more,
  }
}

class MemoryStorage implements KeyStorage {
  readonly location = 'memory'
  readonly #records = new Map<string, { bytes: Uint8Array; version: string }>()
  #version = 0

  async read(name: string) {
    return this.#records.get(name)
  }

  async write(name: string, bytes: Uint8Array, expected: string | undefined): Promise<string> {
    if (this.#records.get(name)?.version !== expected) throw vaultErrors.create('vault.store-changed', { record: name })
    const version = `v${++this.#version}`
    this.#records.set(name, { bytes: Buffer.from(bytes), version })
    return version
  }

  async remove(name: string): Promise<void> {
    this.#records.delete(name)
  }

  async *list(prefix: string): AsyncIterable<string> {
    yield* [...this.#records.keys()].filter(name => name.startsWith(prefix)).sort()
  }
}

const master = createSecretKey(Buffer.alloc(32, 1))
const source: MasterSource = {
  kind: 'file',
  make: async () => ({ master, parameters: { path: '/fixed' } }),
  open: async () => master,
}

export type TestKeys = ArchiveKeys & { readonly audited: string[] }

/** A vault in memory. `seed` makes it the same one in another process. */
export async function testKeys(seed?: number): Promise<TestKeys> {
  const audited: string[] = []
  const audit: AuditLog = {
    record: async ({ action, details }) => void audited.push(`${action} ${details.path ?? ''}`),
  }
  const storage = new MemoryStorage()
  const random = seed === undefined ? systemRandom : seededRandom(seed)
  await createVault({ storage, audit, clock: systemClock, random, source })
  const vault = await openVault({ storage, audit, clock: systemClock, random, sources: [source] })
  return {
    audit,
    audited,
    keyFor: async day => sealKeyOf(await vault.keyFor(`archive/${day}`)),
    key: async id => sealKeyOf(await vault.key(id)),
  }
}

/** One key for everything: the same in every process. */
export function fixedKeys(secret: KeyObject): TestKeys {
  const key = { id: '00000000-0000-4000-8000-000000000001', epoch: 0, secret }
  return { audit: { record: async () => undefined }, audited: [], keyFor: async () => key, key: async () => key }
}

/** Records at positions 8 apart. */
export class MemorySource implements EventSource {
  readonly id = 'memory-1'
  readonly name = 'memory'
  readonly records: SourceSlice['records'][number][] = []
  readonly recordsOfSlice: number
  released = 0
  #next = 0

  constructor(payloads: readonly (Uint8Array | { frames: Uint8Array })[], recordsOfSlice = 3) {
    this.recordsOfSlice = recordsOfSlice
    for (const payload of payloads) this.push(payload)
  }

  push(payload: Uint8Array | { frames: Uint8Array }): void {
    const position = this.records.length * 8
    if ('frames' in payload) this.records.push({ kind: 'frames', position, payload: payload.frames })
    else this.records.push({ kind: 'events', position, payload })
  }

  get end(): number {
    return this.records.length * 8
  }

  /** As a new process finds it. */
  reopen(): void {
    this.#next = this.released
  }

  async read(): Promise<SourceSlice | undefined> {
    const from = this.#next
    const records = this.records.slice(from / 8, from / 8 + this.recordsOfSlice)
    if (records.length === 0) return undefined
    this.#next += records.length * 8
    return { records, damage: [], from, next: this.#next }
  }

  async release(position: number): Promise<void> {
    this.released = position
  }

  async skipTo(position: number): Promise<void> {
    this.#next = Math.max(this.#next, position)
    this.released = Math.max(this.released, position)
  }

  backlogBytes(): number {
    return this.end - this.#next
  }

  async close(): Promise<void> {}
}

export type Bench = { readonly base: string; readonly settings: ArchiveSettings; readonly keys: TestKeys }

export async function bench(more: Partial<ArchiveSettings> = {}): Promise<Bench> {
  const base = temporaryBase()
  return { base, settings: settingsFor(base, more), keys: await testKeys() }
}

export async function withArchive<T>(
  { settings, keys }: Bench,
  use: (archive: Archive) => Promise<T>,
  { disk = nodeDisk, clock = systemClock, notices = [] as string[] } = {},
): Promise<T> {
  const onNotice = (message: string) => void notices.push(message)
  const archive = await openArchive({ settings, keys, clock, random: systemRandom, disk, onNotice })
  try {
    return await use(archive)
  } finally {
    archive.close()
  }
}

/** Opens, drains and closes, all of it in this thread. */
export function pack(
  bench: Bench,
  source: EventSource,
  { disk = nodeDisk, clock = systemClock, ...more }: Partial<DrainOptions> & { disk?: Disk; clock?: Clock } = {},
) {
  const { settings } = bench
  const files = new LocalFiles(settings, disk, systemRandom)
  const encodeFrame: DrainOptions['encodeFrame'] = async frame => {
    return { bytes: frame.image, width: 1, height: 1, format: 'heif' }
  }
  return withArchive(
    bench,
    archive => drain({ source, archive, settings, clock, random: systemRandom, encodeFrame, files, ...more }),
    { disk, clock },
  )
}

/** A file of the archive, opened. */
export async function plainOf({ base, keys }: Bench, file: ArchivedFile): Promise<Buffer> {
  const bytes = readFileSync(join(base, file.path))
  if (file.keyId === undefined) return bytes
  if (isEncryptedParquet(bytes)) {
    const { keyId } = JSON.parse(parquetKeyMetadata(sourceOf(bytes)).toString())
    assert.equal(keyId, file.keyId)
    return decrypt(bytes, (await keys.key(keyId)).secret)
  }
  const { keyId, kind } = parseSealedHeader(bytes)
  return open(bytes, await keys.key(keyId), { kind, place: file.path })
}

/** Every row of every Parquet file that the manifest names, in its order. */
export async function archivedRows(bench: Bench): Promise<{ path: string; row: Record<string, unknown> }[]> {
  const files = await withArchive(bench, async archive => archive.manifest.files)
  const rows: { path: string; row: Record<string, unknown> }[] = []
  for (const file of files.filter(file => file.kind === 'parquet')) {
    for (const row of await readRows(await plainOf(bench, file))) rows.push({ path: file.path, row })
  }
  return rows
}
