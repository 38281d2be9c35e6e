import { lifecycleTypes } from '../projection/lifecycle.ts'
import { type KeptEvent, mergeTraceStates, type TraceState } from '../projection/trace-state.ts'

/**
 * What a trace's events before the horizon have left in its state, when those since then are known by themselves. Undefined when it has none. Their lifecycle events are those of the state that are
 * older; how many there were altogether is what the state has counted beyond the known ones. A state keeps the first events of each type, and these are the first: merged with the state of
 * the known ones this gives the state of both (OE2, OR2).
 *
 * A state that is no state, because somebody has changed it, has left nothing.
 */
export function gonePart(
  state: unknown,
  known: { readonly spans: number; readonly lifecycle: number },
  horizonMicros: number,
): TraceState | undefined {
  if (!isTraceState(state)) return undefined
  const events: { [type: string]: readonly KeptEvent[] } = {}
  let kept = 0
  for (const type of lifecycleTypes) {
    const older = (state.events[type] ?? []).filter(({ at }) => at < horizonMicros)
    if (older.length > 0) events[type] = older
    kept += older.length
  }
  const lifecycle = Math.max(state.lifecycle - known.lifecycle, kept)
  const spans = Math.max(state.spans - known.spans, lifecycle)
  if (spans === 0) return undefined
  return mergeTraceStates({ spans, lifecycle, events: {} }, { spans: 0, lifecycle: 0, events })
}

function isTraceState(value: unknown): value is TraceState {
  const { spans, lifecycle, events } = (value ?? {}) as { [name: string]: unknown }
  if (!Number.isSafeInteger(spans) || !Number.isSafeInteger(lifecycle)) return false
  if (typeof events !== 'object' || events === null) return false
  return Object.values(events).every(list => Array.isArray(list) && list.every(isKeptEvent))
}

function isKeptEvent(value: unknown): boolean {
  const { at, id } = (value ?? {}) as { at?: unknown; id?: unknown }
  return Number.isSafeInteger(at) && typeof id === 'string'
}
