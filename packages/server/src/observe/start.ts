/** Observe in the process: the tables, the way into them, and NATS where the settings name it. Started after the log, stopped before it. */
import type { Clock, Lifecycle, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import {
  type NatsSource,
  type NatsSourceOptions,
  type Pipeline,
  RebuildJobs,
  startNatsSource,
  startPipeline,
  Tables,
} from '@chronicle/observe'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import { TraceExports } from '../otlp/exports.ts'
import type { ServerSettings } from '../settings.ts'
import { ObserveHttpMetrics } from './http-metrics.ts'
import { natsUrl, secretsOf, tablesPlace } from './secrets.ts'

export type ObserveOptions = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  readonly log: Log
}

/** What the doors of observe work on. */
export type Observe = {
  /** What OTLP brings, over HTTP and gRPC. */
  readonly traceExports: TraceExports
  /** Of events over HTTP, and of those who follow them. */
  readonly httpMetrics: ObserveHttpMetrics
  readonly pipeline: Pipeline
  readonly tables: Tables
  readonly rebuilds: RebuildJobs
  /** Undefined without NATS_URL and ALEXANDRIA_URL. */
  readonly nats: NatsSource | undefined
}

/** Opens no database: the first event or query does. */
export async function startObserve(options: ObserveOptions, lifecycle: Lifecycle): Promise<Observe> {
  const { settings, clock, health } = options
  const logger = options.logger.child({ component: 'observe' })
  const secrets = secretsOf(settings, clock)
  if (secrets !== undefined) health.register('secrets', () => secrets.check())
  const tables = lifecycle.add('tables', new Tables({ place: tablesPlace(settings, secrets), clock, logger }))
  const pipeline = lifecycle.add(
    'observe',
    await startPipeline({
      ...options,
      logger,
      writer: deadLetters => tables.writer(deadLetters),
      settings: {
        flushThreshold: settings.batchFlushThreshold,
        flushIntervalMs: settings.batchFlushIntervalMs,
        bufferEventsMax: settings.bufferEventsMax,
        overflow: settings.bufferOverflow,
        logRetentionMs: settings.logRetentionMs,
      },
    }),
  )
  const { projector } = pipeline
  const rebuilds = lifecycle.add('rebuild', new RebuildJobs({ ...options, logger, tables, projector }))
  health.register('tables', () => ({
    status: tables.state === 'failed' ? 'warn' : 'pass',
    reason: tables.state === 'unused' ? 'nobody has needed them yet' : tables.state,
  }))
  const nats = await startNats({ ...options, logger }, pipeline, natsUrl(settings, secrets))
  if (nats !== undefined) lifecycle.add('nats', nats)
  const traceExports = new TraceExports({ ...options, logger, intake: pipeline.intake })
  const httpMetrics = new ObserveHttpMetrics(options.registry)
  return { pipeline, tables, rebuilds, nats, traceExports, httpMetrics }
}

async function startNats(
  options: ObserveOptions,
  pipeline: Pipeline,
  url: NatsSourceOptions['url'] | undefined,
): Promise<NatsSource | undefined> {
  if (url === undefined) return undefined
  const { settings } = options
  return startNatsSource({
    ...options,
    ...pipeline,
    url,
    missingStreams: settings.natsStreams,
    bufferEventsMax: settings.bufferEventsMax,
  })
}
