import type { Json, SwarmEvent } from '../contract.ts'
import { utcDayOf } from '../event/timestamp.ts'
import { nameOf } from './fields.ts'
import { heartbeatMsMax } from './limits.ts'

/** What an agent did since its heartbeat before. */
export type Heartbeat = {
  readonly agentId: string
  /** `YYYY-MM-DD`, UTC, of the event. */
  readonly day: string
  readonly uptimeMs: number
  readonly busyMs: number
}

/** `undefined` for other events, and for a heartbeat that does not say who was up and busy, and for how long. */
export function heartbeatOf(event: SwarmEvent): Heartbeat | undefined {
  if (event.eventType !== 'agent.heartbeat' || event.isDeadLetter) return undefined
  const agentId = event.source === '' ? nameOf(event.metadata.agent) : event.source
  const uptimeMs = millisOf(event.metadata.uptime_ms)
  const busyMs = millisOf(event.metadata.busy_ms)
  if (agentId === undefined || uptimeMs === undefined || busyMs === undefined) return undefined
  return { agentId, day: utcDayOf(event.timestampMicros), uptimeMs, busyMs }
}

/** Whole milliseconds: sums of fractions would depend on their order. */
function millisOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= heartbeatMsMax ? Math.round(value) : undefined
}
