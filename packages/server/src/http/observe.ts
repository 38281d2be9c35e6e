import type { Clock, Random } from '@chronicle/base'
import type { Health } from '@chronicle/telemetry'
import type { FastifyInstance } from 'fastify'
import type { Observe } from '../observe/start.ts'
import { BytesBudget } from './bytes-budget.ts'
import { addAgentRoutes } from './observe/agents.ts'
import { addLetterRoutes } from './observe/dead-letters.ts'
import { addEventRoutes } from './observe/events.ts'
import { addObserveHealthRoute } from './observe/health.ts'
import { answersBudget } from './observe/limits.ts'
import { addRebuildRoutes } from './observe/rebuild.ts'
import { observeSchemas } from './observe/schemas.ts'
import { addStreamRoute } from './observe/stream.ts'
import { TablesReader } from './observe/tables-reader.ts'
import { addTraceRoutes } from './observe/traces.ts'

export type ObserveDoor = {
  readonly observe: Observe
  readonly clock: Clock
  readonly random: Random
  readonly health: Health
  /** What happens to events that come while the buffer is full. */
  readonly overflow: 'back-pressure' | 'drop-oldest'
}

/** The routes of events, traces, agents and dead letters, and /api/v1/health. */
export function addObserveRoutes(app: FastifyInstance, door: ObserveDoor): void {
  const { observe, clock, random } = door
  const { pipeline, tables, httpMetrics: metrics } = observe
  const reader = new TablesReader({ tables, clock })
  const reading = { reader, budget: new BytesBudget(answersBudget, clock) }
  for (const schema of observeSchemas) app.addSchema(schema)
  addRebuildRoutes(app, { rebuilds: observe.rebuilds, clock })
  app.register(async scope => {
    // Schemas describe here. What checks is written by hand, so that a refusal names parameter, value and what is accepted.
    scope.setValidatorCompiler(() => () => true)
    // What is asked for changes with every batch.
    scope.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
    addObserveHealthRoute(scope, { ...door, reader })
    addTraceRoutes(scope, reading)
    addAgentRoutes(scope, reading, clock)
    addEventRoutes(scope, { pipeline, clock, random, metrics })
    addLetterRoutes(scope, { pipeline, clock, budget: reading.budget })
    addStreamRoute(scope, { projector: pipeline.projector, clock, random, metrics })
  })
}
