import { agentLife } from './agent-life.ts'
import { Draw } from './draw.ts'
import { malformed } from './malformed.ts'
import { type SwarmEvent, type SwarmMessage, subjectOf } from './message.ts'
import { type SwarmOptions, workingDay } from './options.ts'
import { type Member, type Step, taskLife } from './task-life.ts'

/** What arrives: an event, the same event again, or something that is none. */
export type Delivery = {
  readonly atMs: number
  readonly subject: string
  readonly body: Uint8Array
  /** The event that `body` says; undefined when it is none. */
  readonly event?: SwarmEvent
  /** Not the first delivery of its event. */
  readonly isDuplicate: boolean
  /** Of what is no event: what is wrong with it. */
  readonly why?: string
}

export type SwarmDay = {
  readonly options: SwarmOptions
  /** Each valid event once, in the order in which they were sent. */
  readonly events: readonly SwarmEvent[]
  /** In the order of arrival. */
  readonly deliveries: readonly Delivery[]
}

const networkMsMax = 250
const redeliveryMsMax = 600_000

/** A swarm's working day. One seed and one set of options make one day, byte for byte (D3). */
export function swarmDay(options: Partial<SwarmOptions> = {}): SwarmDay {
  const all = { ...workingDay, ...options }
  const draw = new Draw(all.seed)
  const events = stepsOf(draw, all)
    .sort((a, b) => a.atMs - b.atMs)
    .map(step => eventOf(draw, step))
  return { options: all, events, deliveries: deliveriesOf(draw, events, all) }
}

function stepsOf(draw: Draw, options: SwarmOptions): Step[] {
  const agents = Array.from({ length: options.agents }, (_, index): Member => {
    const skewMs = draw.between(-options.skewMsMax, options.skewMsMax)
    return { name: `agent-${String(index + 1).padStart(3, '0')}`, skewMs }
  })
  const steps = agents.flatMap(agent => agentLife(draw, agent, options))
  for (let index = 0; index < options.traces; index++) {
    const startMs = options.startMs + draw.between(0, options.hours * 3_600_000)
    steps.push(...taskLife(draw, traceId(draw, index), startMs, agents))
  }
  return steps
}

/** Mostly UUIDs, as most swarms have them, and any other text. */
function traceId(draw: Draw, index: number): string {
  return draw.chance(0.9) ? draw.uuid() : `task/${index}: “${draw.between(1, 99)}” ⚙`
}

function eventOf(draw: Draw, step: Step): SwarmEvent {
  const { sender, eventType, isDeadLetter = false, atMs } = step
  const message: SwarmMessage = {
    event_id: draw.uuid(),
    trace_id: step.traceId,
    source: sender.name,
    event_type: eventType,
    timestamp: timestamp(draw, atMs + sender.skewMs),
    metadata: step.metadata,
  }
  const subject = subjectOf(eventType, isDeadLetter)
  return { message: withoutSome(draw, message), subject, isDeadLetter, sentMs: atMs }
}

/** Optional fields are left out now and then; a heartbeat without a source names its agent in the metadata. */
function withoutSome(draw: Draw, message: SwarmMessage): SwarmMessage {
  if (!draw.chance(0.01)) return message
  const { source, metadata, ...rest } = message
  if (Object.keys(metadata!).length === 0) return { ...rest, source: source! }
  return { ...rest, metadata: { ...metadata, agent: metadata!.agent ?? source! } }
}

/** Three digits of a second in UTC; sometimes six, sometimes none, sometimes with an offset. */
function timestamp(draw: Draw, atMs: number): string {
  const form = draw.between(1, 20)
  if (form === 1) return `${new Date(atMs).toISOString().slice(0, 19)}Z`
  if (form === 2) return new Date(atMs + 2 * 3_600_000).toISOString().replace('Z', '+02:00')
  if (form <= 5) return new Date(atMs).toISOString().replace('Z', `${String(draw.between(0, 999)).padStart(3, '0')}Z`)
  return new Date(atMs).toISOString()
}

/** Each event after its way through the network, a few late, a few twice, and between them what is no event. */
function deliveriesOf(draw: Draw, events: readonly SwarmEvent[], options: SwarmOptions): Delivery[] {
  const deliveries: Delivery[] = []
  for (const event of events) {
    const lateMs = draw.chance(options.lateRate) ? draw.between(1, options.lateMsMax) : 0
    const atMs = event.sentMs + draw.between(1, networkMsMax) + lateMs
    const body = Buffer.from(JSON.stringify(event.message))
    deliveries.push({ atMs, subject: event.subject, body, event, isDuplicate: false })
    if (draw.chance(options.duplicateRate)) deliveries.push(again(draw, event, atMs))
    if (draw.chance(options.malformedRate)) {
      deliveries.push({ atMs, subject: event.subject, isDuplicate: false, ...malformed(draw, event.message) })
    }
  }
  return deliveries.sort((a, b) => a.atMs - b.atMs)
}

/** A redelivery; half of them by a sender that writes the same event in other bytes. */
function again(draw: Draw, event: SwarmEvent, firstMs: number): Delivery {
  const atMs = firstMs + draw.between(1, redeliveryMsMax)
  const entries = Object.entries({ ...event.message, event_id: event.message.event_id.toUpperCase() })
  const rewritten = JSON.stringify(Object.fromEntries(entries.reverse()), undefined, 1)
  const body = Buffer.from(draw.chance(0.5) ? rewritten : JSON.stringify(event.message))
  return { atMs, subject: event.subject, body, event, isDuplicate: true }
}
