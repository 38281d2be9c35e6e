import { systemClock } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { apiVersionsHandler } from '../../src/handlers/api-versions.ts'
import { defaultBrokerLimits, type Handler } from '../../src/index.ts'
import { BufferPool } from '../../src/net/buffer-pool.ts'
import { ByteBudget } from '../../src/net/byte-budget.ts'
import type { ConnectionShared } from '../../src/net/connection.ts'
import { BrokerMetrics } from '../../src/net/metrics.ts'
import { ReadyGate } from '../../src/net/ready-gate.ts'
import { RefusalLog } from '../../src/net/refusal-log.ts'
import { routesOf } from '../../src/net/routes.ts'

/** What connections share, without a broker around them. Answers ApiVersions and what `handlers` answer. */
export function connectionShared(wishes: Partial<ConnectionShared> = {}, handlers: Handler[] = []): ConnectionShared {
  const metrics = new BrokerMetrics(createRegistry())
  return {
    limits: { ...defaultBrokerLimits, requestsInFlightMax: 3 },
    clock: systemClock,
    logger: silentLogger,
    refusals: new RefusalLog(silentLogger, systemClock),
    metrics,
    routes: routesOf([...handlers, apiVersionsHandler([])], metrics),
    gate: new ReadyGate({ ready: true, whenReady: async () => undefined }),
    pool: new BufferPool(),
    landing: Buffer.alloc(4096),
    arriving: new ByteBudget(1e6),
    inFlight: new ByteBudget(1e6),
    unsent: new ByteBudget(1e6),
    ...wishes,
  }
}
