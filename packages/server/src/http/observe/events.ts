/** POST /api/v1/events. */
import type { Clock, Random } from '@chronicle/base'
import { type DeadLetter, observeErrors, type Pipeline, uuidV7 } from '@chronicle/observe'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ObserveHttpMetrics } from '../../observe/http-metrics.ts'
import { BodyBudgets } from '../body-budgets.ts'
import { problemOf, problemStatus } from '../problem.ts'
import { onlyParameters, type Query } from '../query.ts'
import { contentType, takeBodiesUnread, withBody } from '../request-body.ts'
import { type ContextOf, eventContentTypes, eventsOfBody, letterIdOf, type ReadEvent } from './event-body.ts'
import { arrivingBudget, bodyMsMax, eventsBodyBytesMax, memoryBytesPerByte, workingBudget } from './limits.ts'
import * as operations from './operations.ts'

export type EventDoor = {
  readonly pipeline: Pick<Pipeline, 'intake' | 'deadLetters'>
  readonly clock: Clock
  readonly random: Random
  readonly metrics: ObserveHttpMetrics
}

const limits = { bytesMax: eventsBodyBytesMax, msMax: bodyMsMax, memoryBytesPerByte }

/** Takes events in: answered once they are durable in the log (OL1). */
export function addEventRoutes(scope: FastifyInstance, door: EventDoor): void {
  takeBodiesUnread(scope)
  const { clock, metrics } = door
  const budgets = new BodyBudgets({ arriving: arrivingBudget, working: workingBudget }, clock)
  scope.post<{ Querystring: Query }>('/api/v1/events', { schema: operations.postEvents }, async (request, reply) => {
    const { raw } = reply
    // Also where the answer goes out before the body has come, which Fastify's hooks do not hear of.
    raw.once('close', () => raw.headersSent && metrics.answered(raw.statusCode))
    onlyParameters(request.query, [])
    const type = contentType(request, eventContentTypes)
    return withBody({ request, reply }, { limits, budgets, clock }, async body => {
      const events = await eventsOfBody(body, type, contextOf(door))
      await takeIn(events, door)
      return answer(events, reply, metrics)
    })
  })
}

/** Events without a time keep the order in which they were sent: each is a microsecond later than the one before. */
function contextOf({ clock, random }: EventDoor): ContextOf {
  const now = Math.floor(clock.now())
  const eventId = (): string => uuidV7(now, random)
  return index => ({ receivedMicros: now * 1000 + index, eventId })
}

/**
 * The refused ones first: were the others taken and these not, the client would send all of them again, and those without an id would be twice there. Where there is no room for
 * the others nothing is kept of either.
 */
async function takeIn(events: readonly ReadEvent[], { pipeline, clock }: EventDoor): Promise<void> {
  const atMicros = Math.floor(clock.now()) * 1000
  const letters = events.flatMap((each): DeadLetter[] => {
    if ('event' in each) return []
    const { refused, raw } = each
    return [{ id: letterIdOf(raw), ...refused, source: 'http', atMicros, raw }]
  })
  const taken = events.flatMap(each => ('event' in each ? [each.event] : []))
  await pipeline.intake.take(taken, () => pipeline.deadLetters.add(letters))
}

function answer(events: readonly ReadEvent[], reply: FastifyReply, metrics: ObserveHttpMetrics): object {
  const refused = events.flatMap((each, index) => ('event' in each ? [] : [{ index, ...each.refused }]))
  const accepted = events.length - refused.length
  metrics.posted({ taken: accepted, refused: refused.length })
  if (accepted === 0 && refused.length > 0) {
    const error = observeErrors.create('observe.events-refused', { events: refused.length, ...refused[0] })
    reply.code(problemStatus(error)).type('application/problem+json')
    return { ...problemOf(error), refused }
  }
  reply.code(202)
  return { accepted, event_ids: events.map(each => ('event' in each ? each.event.eventId : null)), refused }
}
