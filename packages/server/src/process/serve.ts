import { type Clock, Lifecycle, type Random, type StopReport } from '@chronicle/base'
import type { Broker } from '@chronicle/kafka'
import { type Log, openLog } from '@chronicle/log'
import type { Sessions } from '@chronicle/sessions'
import { collectProcessMetrics, createRegistry, Health, type Logger, type Registry } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal } from '@chronicle/wal'
import type { Places } from '../http/home.ts'
import type { Observe, startObserve } from '../observe/start.ts'
import type { GrpcListener } from '../otlp/grpc/listener.ts'
import { settings as declared, type ServerSettings } from '../settings.ts'
import { advertisedAddress, hostPort, isLoopback } from './addresses.ts'
import { dataPaths, prepareDataDirectory } from './data-directory.ts'
import { explainListenError, type Listening } from './listen-error.ts'
import { lockDataDirectory } from './lock.ts'
import { brokerLimits, groupSettings, logSettings, walLimits } from './options.ts'
import type { startSessions } from './start-sessions.ts'

/** A chunk that is late is refused by sessions; what is even later, by the HTTP server. */
const requestGraceMs = 10_000

export type ServeOptions = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly version: string
}

/** Where a running server is: Kafka as `host:port`, the others as URLs. */
export type Addresses = Places & {
  readonly http: string
  /** Where the master key comes from. */
  readonly keys: string
  /** OTLP over gRPC, where it is served. */
  readonly otlp?: string
  readonly otlpGrpcPort?: number
  readonly kafkaPort: number
  readonly httpPort: number
  readonly metricsPort: number
}

export type Running = {
  readonly addresses: Addresses
  /** Stops everything in the reverse order of its start, flushing what was accepted (S2). */
  stop(withinMs: number): Promise<StopReport[]>
}

/** Starts everything, from the lock upwards. What was started is stopped again when a later part fails. */
export async function serve(options: ServeOptions): Promise<Running> {
  const lifecycle = new Lifecycle(options.clock)
  try {
    const addresses = await startParts(options, lifecycle)
    return { addresses, stop: withinMs => lifecycle.stop(withinMs) }
  } catch (error) {
    await lifecycle.stop(options.settings.shutdownMs)
    throw error
  }
}

/** What every part is made with. */
type Core = ServeOptions & {
  readonly registry: Registry
  readonly health: Health
  readonly log: Log
  readonly sessions: Sessions
  readonly observe: Observe
}

async function startParts(options: ServeOptions, lifecycle: Lifecycle): Promise<Addresses> {
  const { settings } = options
  const advertised = advertisedAddress(settings)
  warnAboutOpenPorts(options)
  prepareDataDirectory(settings.dataDirectory)
  lifecycle.add('lock', lockDataDirectory(settings.dataDirectory))
  // Loaded while the log recovers: neither waits for the other.
  const modules = Promise.all([
    import('@chronicle/kafka'),
    import('../http/app.ts'),
    import('../http/routes.ts'),
    import('../http/metrics-server.ts'),
  ])
  const registry = createRegistry()
  collectProcessMetrics(registry)
  const health = new Health()
  const opening = openServerLog(options, registry, health, lifecycle)
  const parts = [
    opening,
    openServerSessions({ ...options, registry, health, log: opening }, lifecycle),
    startServerObserve({ ...options, registry, health, log: opening }, lifecycle),
    modules,
  ] as const
  // Also where one of them fails: what another is still opening has to be closed before the lock goes.
  await Promise.allSettled(parts)
  const [log, { sessions, keys }, observe, [kafka, app, routes, metricsServer]] = await Promise.all(parts)
  const core = { ...options, registry, health, log, sessions, observe }
  const broker = lifecycle.add('kafka', await startBroker(core, kafka, advertised))
  const grpc = await startOtlp(core)
  if (grpc !== undefined) lifecycle.add('otlp', grpc)
  const metrics = lifecycle.add('metrics', await startMetrics(core, metricsServer))
  const { dataDirectory, metricsBindAddress, advertisedPort } = settings
  const places = {
    dataDirectory,
    kafka: hostPort(advertised, advertisedPort ?? broker.port),
    metrics: `http://${hostPort(metricsBindAddress, metrics.port)}/metrics`,
  }
  const http = lifecycle.add('http', await startHttp(core, { app, routes }, places))
  return {
    ...places,
    http: `http://${hostPort(settings.httpBindAddress, http.port)}`,
    keys,
    ...(grpc === undefined ? {} : { otlp: hostPort(settings.httpBindAddress, grpc.port), otlpGrpcPort: grpc.port }),
    kafkaPort: broker.port,
    httpPort: http.port,
    metricsPort: metrics.port,
  }
}

async function openServerLog(
  { settings, clock, random, logger }: ServeOptions,
  registry: Registry,
  health: Health,
  lifecycle: Lifecycle,
): Promise<Log> {
  const common = { disk: nodeDisk, clock, random, registry }
  const { wal } = dataPaths(settings.dataDirectory)
  const walLogger = logger.child({ component: 'wal' })
  const limits = walLimits(settings)
  const log = await openLog({
    ...common,
    directory: settings.dataDirectory,
    openWal: asked => openDiskWal({ ...common, ...asked, directory: wal, limits, logger: walLogger }),
    logger: logger.child({ component: 'log' }),
    health,
    settings: logSettings(settings),
  })
  lifecycle.add('log', { stop: () => log.close() })
  return log
}

function startBroker(core: Core, kafka: typeof import('@chronicle/kafka'), advertised: string): Promise<Broker> {
  const { settings, log, clock, random, registry, health } = core
  const { bindAddress, kafkaPort, advertisedPort } = settings
  const listener = {
    bindAddress,
    port: kafkaPort,
    advertisedAddress: advertised,
    ...(advertisedPort === undefined ? {} : { advertisedPort }),
  }
  const { portSetting, addressSetting } = { portSetting: declared.kafkaPort, addressSetting: declared.bindAddress }
  return explained({ what: 'Kafka', address: bindAddress, port: kafkaPort, portSetting, addressSetting }, () =>
    kafka.Broker.start({
      log,
      clock,
      random,
      logger: core.logger.child({ component: 'kafka' }),
      registry,
      health,
      nodeId: settings.nodeId,
      listener,
      limits: brokerLimits(settings, kafka.defaultBrokerLimits),
      autoCreateTopics: settings.autoCreateTopics,
      defaultPartitions: settings.defaultPartitions,
      groups: groupSettings(settings, kafka.defaultGroupSettings),
    }),
  )
}

function startMetrics(
  core: Core,
  door: typeof import('../http/metrics-server.ts'),
): ReturnType<typeof door.startMetricsServer> {
  const { settings, registry } = core
  const { metricsBindAddress: address, metricsPort: port } = settings
  const { metricsPort: portSetting, metricsBindAddress: addressSetting } = declared
  const logger = core.logger.child({ component: 'metrics' })
  return explained({ what: 'metrics', address, port, portSetting, addressSetting }, () =>
    door.startMetricsServer({ address, port, registry, logger }),
  )
}

function startHttp(
  core: Core,
  doors: { app: typeof import('../http/app.ts'); routes: typeof import('../http/routes.ts') },
  places: Places,
): ReturnType<typeof doors.app.startHttp> {
  const { settings, version } = core
  const { httpBindAddress: address, httpPort: port } = settings
  const { httpPort: portSetting, httpBindAddress: addressSetting } = declared
  const logger = core.logger.child({ component: 'http' })
  return explained({ what: 'HTTP', address, port, portSetting, addressSetting }, () =>
    doors.app.startHttp({
      address,
      port,
      allowedHosts: settings.httpAllowedHosts,
      connectionsMax: settings.httpConnectionsMax,
      requestMsMax: settings.sessionsWorkerTimeoutMs + requestGraceMs,
      addRoutes: to => doors.routes.addRoutes(to, core),
      logger,
      version,
      places,
    }),
  )
}

/** Loaded when it listens: who has it off pays nothing for it. */
async function startOtlp(core: Core): Promise<GrpcListener | undefined> {
  const door = await import('../otlp/start-grpc.ts')
  return door.startGrpc({ ...core, exports: core.observe.traceExports })
}

/** Loaded beside the others, since what it loads is large. */
async function openServerSessions(...args: Parameters<typeof startSessions>): ReturnType<typeof startSessions> {
  const door = await import('./start-sessions.ts')
  return door.startSessions(...args)
}

/** Loaded while the log recovers. */
async function startServerObserve(
  options: Omit<Parameters<typeof startObserve>[0], 'log'> & { readonly log: Promise<Log> },
  lifecycle: Lifecycle,
): Promise<Observe> {
  const door = await import('../observe/start.ts')
  return door.startObserve({ ...options, log: await options.log }, lifecycle)
}

function warnAboutOpenPorts({ settings: { bindAddress, httpBindAddress }, logger }: ServeOptions): void {
  if (!isLoopback(bindAddress)) {
    logger.warn({ bindAddress }, 'the Kafka port is open to the network, and this version asks nobody who they are')
  }
  if (!isLoopback(httpBindAddress)) {
    logger.warn({ httpBindAddress }, 'the HTTP port is open to the network, and this version asks nobody who they are')
  }
}

/** Runs `start`; when it cannot listen, the error says which setting changes that. */
async function explained<T>(listening: Listening, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    throw explainListenError(error, listening)
  }
}
