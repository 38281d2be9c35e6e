/** How observe is: answered from memory, so that it answers while nothing else does. */
import type { Alert, NatsStatus, ProjectorStatus, TablesState } from '@chronicle/observe'
import type { Health } from '@chronicle/telemetry'
import type { FastifyInstance } from 'fastify'
import type { Observe } from '../../observe/start.ts'
import { onlyParameters, type Query } from '../query.ts'
import * as operations from './operations.ts'
import type { TablesReader } from './tables-reader.ts'

export type HealthSources = {
  readonly observe: Observe
  readonly health: Health
  readonly reader: TablesReader
  /** What happens to events that come while the buffer is full. */
  readonly overflow: 'back-pressure' | 'drop-oldest'
}

/** Those of the server's checks that events pass by. */
const ours: readonly string[] = ['log', 'observe', 'tables', 'secrets', 'nats', 'otlp-grpc']

/** GET of /api/v1/health. Opens no database and waits for nothing. */
export function addObserveHealthRoute(scope: FastifyInstance, sources: HealthSources): void {
  scope.get<{ Querystring: Query }>('/api/v1/health', { schema: operations.health }, ({ query }, reply) => {
    onlyParameters(query, [])
    const view = healthView(sources)
    return reply.code(view.status === 'fail' ? 503 : 200).send(view)
  })
}

function healthView(sources: HealthSources) {
  const { pipeline, tables, nats } = sources.observe
  const status = pipeline.projector.status
  const alerts = pipeline.alerts.standing
  const database = databaseView(tables.state, status, sources.reader.failure)
  const server = sources.health.report()
  const checks = Object.fromEntries(Object.entries(server.checks).filter(([name]) => ours.includes(name)))
  const isTroubled =
    alerts.length > 0 || database.state === 'failing' || Object.values(checks).some(check => check.status !== 'pass')
  return {
    status: server.status === 'fail' ? 'fail' : isTroubled ? 'warn' : 'pass',
    buffer_size: status.bufferSize,
    buffer_max_size: status.bufferMaxSize,
    lag: status.lag,
    database,
    sources: { ...takingView(sources, checks.log?.status === 'fail'), ...readingView(alerts, nats?.status) },
    alerts: alerts.map(alertView),
    checks,
  }
}

/** The tables may be open and not answer any more: what was asked of them last decides then. */
function databaseView(tables: TablesState, { failuresInARow, reason }: ProjectorStatus, readFailure?: string) {
  const failure = reason ?? readFailure
  const isFailing = tables === 'failed' || (failure !== undefined && tables !== 'closed')
  return {
    state: isFailing ? 'failing' : tables,
    failures_in_a_row: failuresInARow,
    reason: isFailing ? (failure ?? null) : null,
  }
}

/** What comes to this server by itself. */
function takingView({ observe, overflow }: HealthSources, isLogFailing: boolean) {
  const { projector } = observe.pipeline
  const isFull = overflow === 'back-pressure' && projector.takenWaiting >= projector.status.bufferMaxSize
  const state = isLogFailing ? 'refusing' : isFull ? 'held' : 'accepting'
  return { http: { state }, otlp: { state } }
}

/** What is read from elsewhere. */
function readingView(alerts: readonly Alert[], nats: NatsStatus | undefined) {
  const isUnreadable = alerts.some(({ name }) => name === 'read_failure')
  return {
    kafka: { state: isUnreadable ? 'failing' : 'reading' },
    nats: nats === undefined ? { state: 'off' } : nats,
  }
}

function alertView({ name, at, detail }: Alert): object {
  return { name, since: new Date(at).toISOString(), detail }
}
