/** The whole of capture for a program that embeds it: one object that is made, run, asked and shut down. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Clock, Lifecycle, type Random, type Stoppable, systemClock, systemRandom } from '@chronicle/base'
import {
  createRegistry,
  Health,
  type HealthReport,
  type Logger,
  type Registry,
  silentLogger,
} from '@chronicle/telemetry'
import { nodeDisk } from '@chronicle/wal'
import { type Bus, InProcessBus, openTopicBus, type Subscription, topicBusLimits } from './bus/index.ts'
import type { EventBatch } from './contract.ts'
import { type CaptureStatus, checkDoorPath, doorLimits, openDoor } from './door/index.ts'
import { captureErrors } from './errors.ts'
import { CaptureLock } from './lock.ts'
import { type OwnVaultOptions, openOwnVault } from './own-vault.ts'
import { pathsBeside } from './paths.ts'
import { Pipeline, type PipelineOptions } from './pipeline.ts'
import { nodeShotDisk, Screenshots } from './screenshots/index.ts'
import { defaultDatabasePath } from './settings.ts'
import {
  checkSettings,
  pipelineLimitsOf,
  type StorageConfig,
  screenshotLimitsOf,
  screenshotTimesOf,
} from './storage-config.ts'
import { registerStorageMetrics, type StorageMetrics, storageMetrics } from './storage-metrics.ts'
import { busInWords, statusOf } from './storage-status.ts'
import { CaptureDatabase } from './store/database.ts'
import { databaseErrorOf } from './store/database-failure.ts'
import { holdsSealed } from './store/holds-sealed.ts'
import { noPayloadKeys, type PayloadKeys, vaultPayloadKeys } from './store/payload-keys.ts'

/** For what was received and is not stored yet, when capture stops. */
const stopMsMax = 10_000

type Surroundings = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
}

type Opened = {
  readonly database: CaptureDatabase
  readonly keys: PayloadKeys
  /** Where the keys are, in words. */
  readonly keysAt: string
  readonly screenshots: Screenshots
  readonly bus: Bus
}

export class StorageModule {
  readonly #config: StorageConfig
  readonly #around: Surroundings
  readonly #parts: Opened
  readonly #lifecycle: Lifecycle
  readonly #startedMs: number
  #pipeline: Pipeline | undefined
  #running: Promise<void> | undefined

  private constructor(config: StorageConfig, around: Surroundings, parts: Opened, lifecycle: Lifecycle) {
    this.#config = config
    this.#around = around
    this.#parts = parts
    this.#lifecycle = lifecycle
    this.#startedMs = around.clock.now()
    registerStorageMetrics(around.registry, () => this.metrics())
  }

  /**
   * Opens the database and what lies beside it, and removes the screenshots that a crash left. Nothing is received before `run`. Rejects with 'capture.setting',
   * 'capture.door-path-too-long', 'capture.in-use', `DatabaseError`, `ScreenshotError` and the errors of the vault.
   */
  static async create(config: StorageConfig): Promise<StorageModule> {
    checkSettings(config)
    checkDoorPath(socketOf(config))
    const { clock = systemClock, random = systemRandom, logger = silentLogger } = config
    const around = { clock, random, logger, registry: config.registry ?? createRegistry() }
    const lifecycle = new Lifecycle(clock)
    try {
      return new StorageModule(config, around, await open(config, around, lifecycle), lifecycle)
    } catch (error) {
      await lifecycle.stop(stopMsMax)
      throw error
    }
  }

  /** Where events are published and batches subscribed to. */
  get bus(): Bus {
    return this.#parts.bus
  }

  /** Begins to receive, takes up again what an earlier run left, and opens the door. Resolves when all that is done; rejects with 'capture.door-unusable' too. */
  run(): Promise<void> {
    this.#running ??= this.#run()
    return this.#running
  }

  /** The bytes of a screenshot as they came, while they live. Rejects with a `ScreenshotError`. */
  screenshot(id: string): Promise<Buffer> {
    return this.#parts.screenshots.read(id)
  }

  /** What is kept of a screenshot for ever; undefined of an id that is not known. */
  screenshotInfo(id: string): ReturnType<Screenshots['info']> {
    return this.#parts.screenshots.info(id)
  }

  /** The analysis needs the screenshots of this batch, or those with these ids, no more. Resolves when their bytes are gone. */
  analysed(what: EventBatch | readonly string[]): Promise<void> {
    const ids = 'screenshots' in what ? what.screenshots.map(({ screenshot_id: id }) => id) : what
    return this.#parts.screenshots.analysed(ids)
  }

  metrics(): StorageMetrics {
    return storageMetrics(this.#pipeline, this.#parts.screenshots, this.#parts.bus.lost())
  }

  /** What the door answers to who asks how capture is. */
  status(): CaptureStatus {
    const { database, keysAt, bus } = this.#parts
    return statusOf({
      config: this.#config,
      database,
      startedMs: this.#startedMs,
      socket: socketOf(this.#config),
      keys: keysAt,
      bus: busInWords(this.#config, bus === this.#config.ownBus),
      windows: () => this.#pipeline?.windows() ?? { open: 0, closed: 0, built: 0 },
      metrics: this.metrics(),
      health: this.health(),
    })
  }

  health(): HealthReport {
    const health = new Health()
    const { screenshots, bus } = this.#parts
    for (const [name, result] of Object.entries(this.#pipeline?.health() ?? {})) health.register(name, () => result)
    health.register('screenshots', () => screenshots.health())
    health.register('bus', () => bus.health())
    for (const [name, check] of Object.entries(this.#config.checks ?? {})) health.register(name, check)
    return health.report()
  }

  /** Resolves once everything that was received until now is stored. */
  async flushed(): Promise<void> {
    if (!this.#pipeline) throw captureErrors.create('capture.not-running')
    await this.#pipeline.flushed()
  }

  /** Stores what was received, destroys every screenshot, and closes. May be called more than once. */
  async shutdown(): Promise<void> {
    await this.#running?.catch(() => undefined)
    const reports = await this.#lifecycle.stop(stopMsMax)
    for (const { name, outcome, error } of reports)
      if (outcome !== 'stopped')
        this.#around.logger.error({ part: name, outcome, error }, 'a part of capture did not stop as it should')
  }

  async #run(): Promise<void> {
    const { database, keys, screenshots, bus } = this.#parts
    const { batchWindowSeconds, allowedLatenessMs, idleAfterMs } = this.#config
    const { rawRetentionDays, hourlyRetentionDays, dailyRetentionDays } = this.#config
    let subscription: Subscription | undefined
    const options: PipelineOptions = {
      ...this.#around,
      database,
      keys,
      spillDirectory: pathsBeside(database.path).spill,
      disk: nodeDisk,
      shape: { windowMs: batchWindowSeconds * 1000, latenessMs: allowedLatenessMs },
      idleAfterMs,
      retention: { rawDays: rawRetentionDays, hourlyDays: hourlyRetentionDays, dailyDays: dailyRetentionDays },
      consumer: (batch, signal) => bus.publishBatch(batch, signal),
      screenshots: { door: screenshots, references: ids => screenshots.references(ids) },
      limits: pipelineLimitsOf(this.#config),
    }
    const pipeline = await Pipeline.open(options, sink => {
      subscription = bus.subscribeEvents(sink)
    })
    this.#pipeline = pipeline
    this.#lifecycle.add('events', { stop: () => pipeline.stop(stopMsMax / 2) })
    this.#lifecycle.add('subscription', { stop: () => subscription?.close() })
    // Opened last and closed first: whoever asks finds everything there.
    this.#lifecycle.add('door', await this.#openDoor())
  }

  #openDoor(): Promise<Stoppable> {
    const { clock, logger, registry } = this.#around
    const { screenshots } = this.#parts
    const inside = {
      status: () => this.status(),
      metrics: () => registry.metrics(),
      screenshot: (id: string) => screenshots.read(id),
      imageFormat: (id: string) => screenshots.formatOf(id),
      isDeleted: (id: string) => screenshots.placeOf(id) === 'deleted',
      analysed: (ids: readonly string[]) => screenshots.analysed(ids),
    }
    return openDoor({ path: socketOf(this.#config), inside, clock, logger, limits: doorLimits })
  }
}

function socketOf(config: StorageConfig): string {
  return config.socket ?? pathsBeside(config.databasePath ?? defaultDatabasePath()).socket
}

/** In the order in which each needs the one before; `lifecycle` stops them in the reverse. */
async function open(config: StorageConfig, around: Surroundings, lifecycle: Lifecycle): Promise<Opened> {
  const path = config.databasePath ?? defaultDatabasePath()
  const beside = pathsBeside(path)
  makeDirectory(dirname(path), path)
  const lock = CaptureLock.take(beside.lock)
  lifecycle.add('lock', { stop: () => lock.release() })
  const database = CaptureDatabase.open({ path })
  lifecycle.add('database', { stop: () => database.close() })
  // For its owner alone; whoever opens the spill finds it made.
  makeDirectory(beside.spill, path)
  const ownVault = { ...around, directory: beside.vault, areKeysNeeded: () => holdsSealed(database) }
  const { keys, keysAt } = await openKeys(config, ownVault, lifecycle)
  const screenshots = await Screenshots.open({
    ...around,
    database,
    directory: beside.screenshots,
    disk: nodeShotDisk,
    keys,
    limits: screenshotLimitsOf(config),
    times: screenshotTimesOf(config),
    devMode: config.devMode,
    handOn: config.handOn,
  })
  lifecycle.add('screenshots', { stop: () => screenshots.stop() })
  return { database, keys, keysAt, screenshots, bus: await openBus(config, around, lifecycle) }
}

async function openKeys(config: StorageConfig, ownVault: OwnVaultOptions, lifecycle: Lifecycle) {
  if (!config.encryptPayloads) return { keys: await noPayloadKeys(config.vault), keysAt: 'none: events are not sealed' }
  if (config.vault) return { keys: await vaultPayloadKeys(config.vault), keysAt: 'the vault of the program' }
  const own = await openOwnVault(ownVault)
  lifecycle.add('vault', { stop: () => own.close() })
  const { source, sourceDetail } = own.vault.status
  return { keys: await vaultPayloadKeys(own.vault), keysAt: `${source}: ${sourceDetail}` }
}

async function openBus(
  config: StorageConfig,
  { clock, random, logger }: Surroundings,
  lifecycle: Lifecycle,
): Promise<Bus> {
  if (config.ownBus) return config.ownBus
  const bus =
    config.bus === 'in-process'
      ? new InProcessBus()
      : await openTopicBus({
          bootstrap: config.bootstrapServers,
          topics: { events: config.eventsTopic, batches: config.batchesTopic, keys: config.keysTopic },
          clock,
          random,
          logger,
          limits: topicBusLimits,
        })
  lifecycle.add('bus', { stop: () => bus.stop(stopMsMax / 2) })
  return bus
}

function makeDirectory(directory: string, databasePath: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw databaseErrorOf(error, databasePath)
  }
}
