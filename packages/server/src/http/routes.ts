import type { Clock, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Sessions } from '@chronicle/sessions'
import type { Health, Registry } from '@chronicle/telemetry'
import type { FastifyInstance } from 'fastify'
import type { Observe } from '../observe/start.ts'
import type { ServerSettings } from '../settings.ts'
import { addConfigRoute } from './config.ts'
import { addHealthRoute } from './health.ts'
import { addMetricsRoute } from './metrics.ts'
import { addObserveRoutes } from './observe.ts'
import { addOtlpRoutes } from './otlp/routes.ts'
import { metricsView } from './sessions/views.ts'
import { addSessionRoutes } from './sessions.ts'
import { addTopicRoutes } from './topics.ts'

/** What the routes of a server show. */
export type Served = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly random: Random
  readonly health: Health
  readonly registry: Registry
  readonly log: Log
  readonly sessions: Sessions
  readonly observe: Observe
  readonly version: string
}

/** Everything that is in the OpenAPI document. */
export function addRoutes(app: FastifyInstance, served: Served): void {
  const { sessions } = served
  addHealthRoute(app, served.health, served.version)
  addMetricsRoute(app, served.registry, () => metricsView(sessions.metrics()))
  addConfigRoute(app, served.settings)
  addTopicRoutes(app, served.log)
  addSessionRoutes(app, sessions, served.clock)
  addObserveRoutes(app, { ...served, overflow: served.settings.bufferOverflow })
  addOtlpRoutes(app, served.observe.traceExports, served.clock)
}
