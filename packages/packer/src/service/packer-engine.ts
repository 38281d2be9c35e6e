import type { Clock, Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { type Archive, openArchive } from '../archive/archive.ts'
import { archiveSettingsOf } from '../archive/archive-settings.ts'
import type { ArchiveKeys, EventSource, RunReport } from '../archive/contract.ts'
import { encodeFrame, frameDefaults } from '../frames/index.ts'
import type { RingStatus } from '../ring/contract.ts'
import { createRing } from '../ring/create.ts'
import { ringStatus } from '../ring/status.ts'
import { drain } from '../run/drain.ts'
import type { PackerSettings } from '../settings-type.ts'
import type { Engine, RunRequest } from './contract.ts'
import type { PackerMetrics } from './metrics.ts'
import { preview } from './preview.ts'
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
  /** Of the files that the manifest names. */
  archiveBytes(): number
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
    if (await createRing({ path, capacityBytes, backpressureThreshold, clock, random })) {
      logger.info({ ring: path, capacityBytes }, 'a ring was made')
    }
    return new ArchivingEngine(options, archive)
  } catch (error) {
    archive.close()
    throw error
  }
}

class ArchivingEngine implements PackerEngine {
  readonly #options: PackerEngineOptions
  readonly #archive: Archive

  constructor(options: PackerEngineOptions, archive: Archive) {
    this.#options = options
    this.#archive = archive
  }

  async run(request: RunRequest): Promise<RunReport> {
    const { settings, clock } = this.#options
    const { ringPath: path, backpressureThreshold, readTimeoutMs: busyMsMax } = settings
    const source = await openRingSource({ path, backpressureThreshold, busyMsMax, clock })
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
    return ringStatus(this.#options.settings.ringPath)
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
    const { settings, clock, random, logger } = this.#options
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
    })
  }

  #dayOf(timestampNs: bigint): string {
    return this.#archive.calendar.wallOf(timestampNs).day
  }
}
