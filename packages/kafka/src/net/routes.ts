import { assert } from '@chronicle/base'
import type { Histogram } from '@chronicle/telemetry'
import type { Handler } from '../handler.ts'
import { apiVersions, fetch, produce } from '../messages/index.ts'
import type { BrokerMetrics } from './metrics.ts'

/** One API as a connection sees it: who answers it, what counts it, what it has to wait for. */
export type Route = {
  readonly handler: Handler
  readonly api: Handler['api']
  /** First and last version that is answered. */
  readonly versions: readonly [number, number]
  readonly count: { count: number }
  readonly duration: Histogram | undefined
  /** Has to wait while the log takes no more. */
  readonly isProduce: boolean
  /** At most one is answered at a time on a connection. */
  readonly isFetch: boolean
  /** Is answered in v0 when its version is unknown (KIP-511). */
  readonly isApiVersions: boolean
}

/** Produce is declared, and advertised, from 0; what v0–2 carry cannot be stored (N8). */
const produceVersionMin = 3

/** Handlers by API key. */
export function routesOf(handlers: readonly Handler[], metrics: BrokerMetrics): readonly (Route | undefined)[] {
  const routes: (Route | undefined)[] = []
  for (const handler of handlers) {
    const { api } = handler
    assert(routes[api.key] === undefined, `two handlers for ${api.name}`)
    routes[api.key] = {
      handler,
      api,
      versions: api.key === produce.key ? [produceVersionMin, api.versions[1]] : api.versions,
      count: metrics.countOf(api),
      duration: metrics.durationOf(api),
      isProduce: api.key === produce.key,
      isFetch: api.key === fetch.key,
      isApiVersions: api.key === apiVersions.key,
    }
  }
  return routes
}
