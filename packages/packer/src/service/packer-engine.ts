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
import type { OpenTopic } from '../topic/contract.ts'
import { type Engine, type RunRequest, ringName, type SourcePosition } from './contract.ts'
import type { PackerMetrics } from './metrics.ts'
import { preview } from './preview.ts'
import { RingKeeper } from './ring-keeper.ts'
import { openRingSource } from './ring-source.ts'
import { packAll, type SourceJob } from './several-sources.ts'
import { progressTogether, reporting, upTo } from './source-wrappers.ts'

export type PackerEngineOptions = {
  /** `basePath` is the directory that is used. */
  readonly settings: PackerSettings
  /** undefined where encryption is off. */
  readonly keys: ArchiveKeys | undefined
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: PackerMetrics
  readonly openTopic: OpenTopic
}

/** Packs a ring, and topics, into an archive. */
export type PackerEngine = Engine & {
  /** How far each source was packed that ever was. */
  sources(): readonly SourcePosition[]
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
  const { ringPath: path, ringBytes: capacityBytes, backpressureThreshold, writeTimeoutMs } = settings
  const archive = await openArchive({
    settings: archiveSettingsOf(settings),
    keys,
    clock,
    random,
    onNotice: (message, details) => logger.warn(details, message),
  })
  try {
    const keeper = new RingKeeper({ path, capacityBytes, backpressureThreshold, writeTimeoutMs, clock, random, logger })
    await keeper.mend()
    const { capacityBytes: hasBytes } = keeper.status()
    if (settings.backupThresholdBytes > hasBytes) {
      const facts = { thresholdBytes: settings.backupThresholdBytes, capacityBytes: hasBytes }
      logger.warn(facts, 'the ring holds less than scheduling.backup_threshold: it is drained by the daily run alone')
    }
    return new ArchivingEngine(options, archive, keeper)
  } catch (error) {
    archive.close()
    throw error
  }
}

/** A run of several sources, each of which tells its own progress. */
type SourcesRequest = Omit<RunRequest, 'onProgress'> & {
  readonly nextProgress: ReturnType<typeof progressTogether> | undefined
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

  run(request: RunRequest): Promise<RunReport> {
    const { onProgress } = request
    const told = { ...request, nextProgress: onProgress && progressTogether(onProgress) }
    return this.#packAll(this.#jobs(told), told, this.#options.settings.maxProcessingMs)
  }

  async deleteExpired(isAsked: boolean) {
    const gone = await this.#archive.retain(isAsked)
    const bytesDeleted = gone.reduce((sum, { bytes }) => sum + bytes, 0)
    return { filesDeleted: gone.length, bytesDeleted, filesHeldBack: this.#archive.expiredFiles }
  }

  get packsTopics(): boolean {
    return this.#options.settings.topicNames.length > 0
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

  sources(): readonly SourcePosition[] {
    return Object.entries(this.#archive.manifest.sources).map(([source, position]) => ({ source, position }))
  }

  archiveBytes(): number {
    return this.#archive.manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  close(): void {
    this.#archive.close()
  }

  /** The ring, and the topics of the daily run; or what was asked for. A ring that fills up waits for no topic. */
  #jobs(request: SourcesRequest): SourceJob[] {
    const ring = { name: ringName, pack: (msMax: number) => this.#packRing(request, msMax) }
    const asTopic = (topic: string) => ({
      name: `topic ${topic}`,
      pack: (msMax: number) => this.#packTopic(topic, request, msMax),
    })
    if (request.topics) return request.topics.map(asTopic)
    return request.reason === 'threshold' ? [ring] : [ring, ...this.#options.settings.topicNames.map(asTopic)]
  }

  #packAll(jobs: readonly SourceJob[], { signal, dryRun }: SourcesRequest, msMax: number): Promise<RunReport> {
    const { clock, logger, metrics } = this.#options
    const onFailure = (source: string, error: unknown) => {
      logger.error({ source, error }, 'a source could not be packed; the others are')
      if (!dryRun) metrics.failed(error)
    }
    return packAll(jobs, { clock, signal, msMax, onFailure })
  }

  async #packRing(request: SourcesRequest, msMax: number): Promise<RunReport> {
    const { settings, clock, logger } = this.#options
    const { ringPath: path, backpressureThreshold, writeTimeoutMs, readTimeoutMs: busyMsMax } = settings
    const onGone = () => logger.warn({ ring: path }, 'the ring was removed while it was read; what was read is packed')
    const options = { path, backpressureThreshold, writeTimeoutMs, busyMsMax, clock, onGone }
    const source = await openRingSource(options)
    try {
      return await this.#pack(source, request, msMax)
    } finally {
      await source.close()
    }
  }

  async #packTopic(topic: string, request: SourcesRequest, msMax: number): Promise<RunReport> {
    const { settings, openTopic } = this.#options
    const { bootstrap = settings.bootstrapServers } = request
    const opened = await openTopic({ topic, bootstrap, committed: this.#archive.manifest.sources })
    try {
      const jobs = opened.sources.map(source => ({
        name: source.name,
        pack: (partMsMax: number) => this.#pack(source, request, partMsMax),
      }))
      return await this.#packAll(jobs, request, msMax)
    } finally {
      await opened.close()
    }
  }

  async #pack(source: EventSource, request: SourcesRequest, msMax: number): Promise<RunReport> {
    const { dryRun, signal } = request
    const wrapped = this.#wrapped(source, request)
    const { clock, metrics } = this.#options
    const report = dryRun
      ? await preview(wrapped, { clock, signal, dayOf: ns => this.#dayOf(ns) })
      : await this.#drain(wrapped, signal, msMax)
    const lostRecords = source.lostRecords?.() ?? 0
    if (lostRecords === 0) return report
    if (!dryRun) metrics.lost(lostRecords)
    return { ...report, lostRecords }
  }

  #wrapped(source: EventSource, { nextProgress, untilDay }: SourcesRequest): EventSource {
    const reported = nextProgress ? reporting(source, nextProgress()) : source
    return untilDay === undefined ? reported : upTo(reported, ns => this.#dayOf(ns) > untilDay)
  }

  async #drain(source: EventSource, signal: AbortSignal, maxProcessingMs: number): Promise<RunReport> {
    const { settings, clock, random, logger, metrics } = this.#options
    const draining = drain({
      source,
      archive: this.#archive,
      settings: { ...archiveSettingsOf(settings), maxProcessingMs },
      clock,
      random,
      signal,
      encodeFrame: frame => encodeFrame(frame, frameDefaults),
      onNotice: (message, details) => logger.warn(details, message),
      onCommit: group => metrics.committed(group),
    })
    try {
      return await draining
    } catch (error) {
      await this.#removeLeftovers()
      throw error
    }
  }

  /** Of a run that failed: what it had written takes room, and the next start is far away. */
  async #removeLeftovers(): Promise<void> {
    try {
      await this.#archive.load()
    } catch (error) {
      this.#options.logger.error({ error }, 'what a failed run has left could not be removed')
    }
  }

  #dayOf(timestampNs: bigint): string {
    return this.#archive.calendar.wallOf(timestampNs).day
  }
}
