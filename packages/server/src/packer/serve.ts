import { Lifecycle, type StopReport } from '@chronicle/base'
import {
  type ControlRequest,
  type PackerHealth,
  PackerService,
  packerHealth,
  packerSettings,
  serveControl,
} from '@chronicle/packer'
import { startPagesServer } from '../http/pages-server.ts'
import { hostPort } from '../process/addresses.ts'
import { explainListenError } from '../process/listen-error.ts'
import { metricsAs, metricsFormats } from './metrics-format.ts'
import { type OpenedPacker, openPacker, type PackerOptions } from './open.ts'
import { writePidFile } from './pid-file.ts'
import { topicsOf } from './topic-request.ts'
import { diskRoom, UsageSampler } from './usage.ts'

/** How long the parts may take to stop: a run that is under way ends at a boundary between files. */
export const packerStopMsMax = 120_000

const encryptionOff = 'encryption is off'

export type ServePackerOptions = PackerOptions & {
  readonly version: string
  readonly pidFile?: string | undefined
  /** Somebody asked over the socket to stop. */
  readonly onStop: () => void
}

export type RunningPacker = {
  readonly facts: Readonly<Record<string, string | number>>
  stop(): Promise<StopReport[]>
}

/** A packer that runs until it is stopped. What was started is stopped again when a later part fails. */
export async function servePacker(options: ServePackerOptions): Promise<RunningPacker> {
  const lifecycle = new Lifecycle(options.clock)
  try {
    const facts = await startParts(options, lifecycle)
    return { facts, stop: () => lifecycle.stop(packerStopMsMax) }
  } catch (error) {
    await lifecycle.stop(packerStopMsMax)
    throw error
  }
}

async function startParts(options: ServePackerOptions, lifecycle: Lifecycle): Promise<RunningPacker['facts']> {
  const { clock, logger } = options
  const opened = await openPacker(options, lifecycle)
  const { settings, places, engine, metrics } = opened
  lifecycle.add('pid', writePidFile(places.pid))
  if (options.pidFile !== undefined) lifecycle.add('pid file', writePidFile(options.pidFile))
  const sampler = new UsageSampler({ engine, metrics, clock, logger, intervalMs: settings.collectionIntervalMs })
  lifecycle.add('usage', sampler)
  const service = new PackerService({ engine, settings, clock, logger, metrics })
  const health = () => healthOf(opened, service)
  const port = settings.metricsEnabled ? await serveMetrics(options, opened, { sampler, health }, lifecycle) : undefined
  const handlers = {
    status: () => ({
      pid: process.pid,
      version: options.version,
      ...service.status(),
      sources: engine.sources(),
      ...factsOf(opened, port),
    }),
    health,
    metrics: ({ format }: ControlRequest) => {
      sampler.sample()
      return metricsAs(opened.registry, metricsFormats.find(each => each === format) ?? settings.metricsFormat)
    },
    process: (request: ControlRequest, tell: (progress: object) => void) => processOnce(service, request, tell),
    stop: () => {
      options.onStop()
      return { pid: process.pid }
    },
  }
  lifecycle.add('control', await serveControl({ path: places.socket, handlers, clock, logger }))
  // Begun last, so that no run is under way when another part cannot start; stopped first: whoever waits for a run is still told how it ended.
  lifecycle.add('service', service.begin())
  return factsOf(opened, port)
}

async function processOnce(service: PackerService, request: ControlRequest, tell: (progress: object) => void) {
  const cleanup = request.cleanup === true ? await service.cleanUp() : undefined
  const untilDay = typeof request.date === 'string' ? request.date : undefined
  const wanted = { untilDay, dryRun: request.dryRun === true, ...topicsOf(request) }
  const report = await service.run({ reason: 'command', ...wanted, onProgress: tell })
  return { report, cleanup }
}

function healthOf({ engine, places, keys }: OpenedPacker, service: PackerService): Promise<PackerHealth> {
  return packerHealth({
    ring: () => engine.ring(),
    ringNotice: () => engine.ringNotice(),
    disk: () => diskRoom(places.basePath),
    keys: async () => keys?.probe.look(engine.filesByKey()) ?? { status: 'ok', reason: encryptionOff },
    lastRun: () => service.lastRun,
  })
}

function factsOf({ settings, places, keys }: OpenedPacker, port: number | undefined) {
  const { metricsBindAddress, ringPath } = settings
  const metrics = port === undefined ? 'off' : `http://${hostPort(metricsBindAddress, port)}/metrics`
  return { archive: places.basePath, ring: ringPath, metrics, keys: keys?.inWords ?? encryptionOff }
}

async function serveMetrics(
  { logger }: ServePackerOptions,
  { settings, registry }: OpenedPacker,
  { sampler, health }: { sampler: UsageSampler; health: () => Promise<PackerHealth> },
  lifecycle: Lifecycle,
): Promise<number> {
  const { metricsBindAddress: address, metricsPort: port, metricsFormat } = settings
  const pages = {
    '/metrics': async () => {
      sampler.sample()
      return { status: 200, ...(await metricsAs(registry, metricsFormat)) }
    },
    '/health': async () => {
      const report = await health()
      const status = report.status === 'failing' ? 503 : 200
      return { status, type: 'application/json', body: `${JSON.stringify(report)}\n` }
    },
  }
  try {
    return lifecycle.add('metrics', await startPagesServer({ address, port, pages, logger })).port
  } catch (error) {
    const { metricsPort: portSetting, metricsBindAddress: addressSetting } = packerSettings
    throw explainListenError(error, { what: 'metrics', address, port, portSetting, addressSetting })
  }
}
