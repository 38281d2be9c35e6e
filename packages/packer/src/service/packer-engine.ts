import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { type Archive, openArchive } from '../archive/archive.ts'
import { archiveSettingsOf } from '../archive/archive-settings.ts'
import type { ArchiveKeys, EventSource, RunReport } from '../archive/contract.ts'
import { manifestPath } from '../archive/places.ts'
import { encodeFrame, frameDefaults } from '../frames/index.ts'
import type { RingStatus } from '../ring/contract.ts'
import { drain } from '../run/drain.ts'
import type { PackerSettings } from '../settings-type.ts'
import type { Engine, RunRequest } from './contract.ts'
import type { PackerMetrics } from './metrics.ts'
import { preview } from './preview.ts'
import { RingKeeper } from './ring-keeper.ts'
import { openRingSource } from './ring-source.ts'
import { reporting, upTo } from './source-wrappers.ts'

export type PackerEngineOptions = {
  /** `basePath` is the directory that is used. */
  readonly settings: PackerSettings
  /** undefined where encryption is off. */
  readonly keys: ArchiveKeys | undefined
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: PackerMetrics
}

/** Packs a ring into an archive. */
export type PackerEngine = Engine & {
  ring(): RingStatus
  /** What a person should know of the ring although it works. */
  ringNotice(): string | undefined
  /** Of the files that the manifest names. */
  archiveBytes(): number
  /** Ids of the keys that seal them, with how many files each seals. */
  filesByKey(): ReadonlyMap<string, number>
  close(): void
}

/** Opens an archive for this process alone (PS3), and makes the ring where there is none. Rejects with `packer.archive-…`, `packer.ring-…`. */
export async function openPackerEngine(options: PackerEngineOptions): Promise<PackerEngine> {
  const { settings, keys, clock, random, logger } = options
  const { ringPath: path, ringBytes: capacityBytes, backpressureThreshold } = settings
  const archive = await openArchive({
    settings: archiveSettingsOf(settings),
    keys,
    clock,
    random,
    onNotice: (message, details) => logger.warn(details, message),
  })
  try {
    const keeper = new RingKeeper({ path, capacityBytes, backpressureThreshold, clock, random, logger })
    await keeper.mend()
    keeper.status()
    return new ArchivingEngine(options, archive, keeper)
  } catch (error) {
    archive.close()
    throw error
  }
}

class ArchivingEngine implements PackerEngine {
  readonly #options: PackerEngineOptions
  readonly #archive: Archive
  readonly #keeper: RingKeeper

  constructor(options: PackerEngineOptions, archive: Archive, keeper: RingKeeper) {
    this.#options = options
    this.#archive = archive
    this.#keeper = keeper
  }

  async run(request: RunRequest): Promise<RunReport> {
    const { settings, clock, logger } = this.#options
    const { ringPath: path, backpressureThreshold, readTimeoutMs: busyMsMax } = settings
    const onGone = () => logger.warn({ ring: path }, 'the ring was removed while it was read; what was read is packed')
    const source = await openRingSource({ path, backpressureThreshold, busyMsMax, clock, onGone })
    try {
      return await this.#pack(this.#wrapped(source, request), request)
    } finally {
      await source.close()
    }
  }

  async deleteExpired() {
    const gone = await this.#archive.retain()
    return { filesDeleted: gone.length, bytesDeleted: gone.reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  backlogBytes(): number {
    return this.ring().usedBytes
  }

  ring(): RingStatus {
    return this.#keeper.status()
  }

  ringNotice(): string | undefined {
    return this.#keeper.notice()
  }

  mend(): Promise<void> {
    return this.#keeper.mend()
  }

  lastCommitMs(): number {
    return statSync(join(this.#options.settings.basePath, manifestPath)).mtimeMs
  }

  filesByKey(): ReadonlyMap<string, number> {
    const files = new Map<string, number>()
    for (const { keyId } of this.#archive.manifest.files) {
      if (keyId !== undefined) files.set(keyId, (files.get(keyId) ?? 0) + 1)
    }
    return files
  }

  archiveBytes(): number {
    return this.#archive.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  close(): void {
    this.#archive.close()
  }

  #wrapped(source: EventSource, { onProgress, untilDay }: RunRequest): EventSource {
    const reported = onProgress ? reporting(source, onProgress) : source
    return untilDay === undefined ? reported : upTo(reported, ns => this.#dayOf(ns) > untilDay)
  }

  async #pack(source: EventSource, { signal, dryRun }: RunRequest): Promise<RunReport> {
    const { settings, clock, random, logger, metrics } = this.#options
    if (dryRun) return preview(source, { clock, signal, dayOf: ns => this.#dayOf(ns) })
    return drain({
      source,
      archive: this.#archive,
      settings: archiveSettingsOf(settings),
      clock,
      random,
      signal,
      encodeFrame: frame => encodeFrame(frame, frameDefaults),
      onNotice: (message, details) => logger.warn(details, message),
      onCommit: group => metrics.committed(group),
    })
  }

  #dayOf(timestampNs: bigint): string {
    return this.#archive.calendar.wallOf(timestampNs).day
  }
}
