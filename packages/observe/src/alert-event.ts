import type { Alert } from './alerts.ts'
import type { SwarmEvent } from './contract.ts'
import { uuidFrom } from './event/index.ts'

/** An alert in the shape that everything on `swarm.>` has; raising and clearing are two events of one trace. */
export function alertEvent({ name, state, id, at, detail }: Alert): SwarmEvent {
  return {
    eventId: uuidFrom(`alert ${id} ${state}`),
    traceId: id,
    source: 'chronicle',
    eventType: 'system.alert',
    timestampMicros: Math.round(at * 1000),
    metadata: { alert: name, state, detail },
    isDeadLetter: false,
  }
}
