import type { Json, SwarmEvent } from './message.ts'
import type { TraceRow } from './tables.ts'

/** A trace and what its agent's day needs of it. */
export type ModelTrace = { readonly row: TraceRow; readonly finalSource: string }

const finals: Readonly<Record<string, string>> = {
  'task.completed': 'completed',
  'task.failed': 'failed',
  'task.timeout': 'timed_out',
}
/** What comes first where times are the same. */
const ranks = ['task.created', 'task.assigned', 'task.started', 'task.completed', 'task.failed', 'task.timeout']
const statuses = ['pending', 'assigned', 'in_progress']
/** The rank of all that end a trace, for who asks only how far it has come. */
const ended = ranks.indexOf('task.completed')

/** The moment of an event by its own clock, microseconds since the epoch. */
export function microsOf({ message }: SwarmEvent): number {
  const fraction = /\.(\d+)/.exec(message.timestamp)?.[1] ?? ''
  const wholeSeconds = Date.parse(message.timestamp.replace(/\.\d+/, ''))
  return wholeSeconds * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** A trace's row, of all its distinct events in any order. */
export function modelTrace(traceId: string, events: readonly SwarmEvent[]): ModelTrace {
  const story = events.filter(movesTraces).sort(inOrder)
  const final = story.find(event => event.message.event_type in finals)
  const started = closest(ofType(story, 'task.started'), final)
  const assigned = closest(ofType(story, 'task.assigned'), started)
  const startedAt = started ? microsOf(started) : null
  const completedAt = final ? microsOf(final) : null
  const created = ofType(story, 'task.created')
  const row = {
    trace_id: traceId,
    task_title: written(created, 'title', isText, final),
    owner: written(created, 'owner', isText, final),
    status: final ? finals[final.message.event_type]! : furthest(story),
    assigned_agent: written(ofType(story, 'task.assigned'), 'agent', isText, final),
    started_at: startedAt,
    completed_at: completedAt,
    duration_ms: millisBetween(startedAt, completedAt),
    time_to_pickup_ms: millisBetween(assigned ? microsOf(assigned) : null, startedAt),
    span_count: events.length,
    error: final?.message.event_type === 'task.failed' ? errorText(final) : null,
    scoring_breakdown: written(created, 'scoring_breakdown', isPresent, final),
    out_of_order: misfits(story),
  }
  return { row, finalSource: final?.message.source ?? '' }
}

function movesTraces({ message, isDeadLetter }: SwarmEvent): boolean {
  return !isDeadLetter && ranks.includes(message.event_type)
}

function inOrder(a: SwarmEvent, b: SwarmEvent): number {
  const byTime = microsOf(a) - microsOf(b)
  const byRank = ranks.indexOf(a.message.event_type) - ranks.indexOf(b.message.event_type)
  return byTime || byRank || (a.message.event_id < b.message.event_id ? -1 : 1)
}

function ofType(story: readonly SwarmEvent[], type: string): SwarmEvent[] {
  return story.filter(({ message }) => message.event_type === type)
}

/** The last before `anchor`, else, as clocks differ, the first after it. The last of all when nothing is there to be before. */
function closest(candidates: readonly SwarmEvent[], anchor: SwarmEvent | undefined): SwarmEvent | undefined {
  const before = candidates.filter(event => anchor === undefined || inOrder(event, anchor) < 0)
  return before.at(-1) ?? candidates[0]
}

/** What the closest event that has the field says. */
function written<T extends Json>(
  candidates: readonly SwarmEvent[],
  field: string,
  accepts: (value: Json | undefined) => value is T,
  anchor?: SwarmEvent,
): T | null {
  const saidBy = (event: SwarmEvent) => event.message.metadata?.[field]
  const having = candidates.filter(event => accepts(saidBy(event)))
  const writer = closest(having, anchor)
  return writer ? (saidBy(writer) as T) : null
}

const isText = (value: Json | undefined): value is string => typeof value === 'string' && value !== ''
const isPresent = (value: Json | undefined): value is Exclude<Json, null> => value !== undefined && value !== null

function furthest(story: readonly SwarmEvent[]): string {
  return statuses[Math.max(0, ...story.map(({ message }) => ranks.indexOf(message.event_type)))]!
}

function millisBetween(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, Math.floor((to - from) / 1_000))
}

/** Text as it is, anything else as JSON. */
function errorText({ message }: SwarmEvent): string | null {
  const error = message.metadata?.error ?? ''
  return error === '' ? null : isText(error) ? error : JSON.stringify(error)
}

/**
 * How many events were not the next one: created, assigned, started, ended, with a timeout at any point after the creation.
 * What came too early still takes the trace as far; what came too late or again leaves it where it is.
 */
function misfits(story: readonly SwarmEvent[]): number {
  let reached = -1
  let count = 0
  for (const { message } of story) {
    const rank = Math.min(ranks.indexOf(message.event_type), ended)
    const isTimely = message.event_type === 'task.timeout' && reached >= 0 && reached < ended
    if (rank !== reached + 1 && !isTimely) count++
    reached = Math.max(reached, rank)
  }
  return count
}
