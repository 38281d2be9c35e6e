/** GET /api/v1/events/stream: events as the tables get them. */
import type { Clock, Random } from '@chronicle/base'
import { isName, type Projector } from '@chronicle/observe'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { serverErrors } from '../../errors.ts'
import type { ObserveHttpMetrics } from '../../observe/http-metrics.ts'
import { onlyParameters, type Query, queryText, refusedParameter } from '../query.ts'
import { type Filter, Follower } from './follower.ts'
import * as operations from './operations.ts'
import { TailEvents } from './tail-events.ts'

export const followersMax = 100
/** Below the 60 s after which proxies give up a connection on which nothing happens. */
const beatMs = 15_000
/** A client that has taken nothing for so long is gone. */
const stalledMsMax = 60_000
/** A browser connects again after this time. */
const reconnectMs = 2_000

type Asked = { Querystring: Query }
type StreamOptions = {
  readonly projector: Pick<Projector, 'subscribe'>
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Pick<ObserveHttpMetrics, 'following'>
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Said to proxies that would gather the answer (nginx).
  'x-accel-buffering': 'no',
}

export function addStreamRoute(scope: FastifyInstance, options: StreamOptions): void {
  const { metrics } = options
  const events = new TailEvents(options)
  const followers = new Set<Follower>()
  scope.get<Asked>(
    '/api/v1/events/stream',
    { schema: operations.streamEvents, exposeHeadRoute: false },
    async (request, reply) => {
      const filter = filterOf(request.query)
      if (followers.size >= followersMax) throw serverErrors.create('server.too-many-followers', { followersMax })
      follow(request, reply)
      const { raw } = reply
      const follower = new Follower({ events, response: raw, filter, lastId: lastIdOf(request) })
      followers.add(follower)
      metrics.following(followers.size)
      const beats = options.clock.every(beatMs, () => follower.beat())
      raw.once('close', () => {
        beats.cancel()
        followers.delete(follower)
        metrics.following(followers.size)
      })
    },
  )
  // Before the server closes what is open: clients see an end, and not a connection that breaks.
  scope.addHook('preClose', async () => {
    for (const follower of followers) follower.end()
  })
}

/** From here on the answer is written by hand. */
function follow({ raw: request }: FastifyRequest, reply: FastifyReply): void {
  const { raw } = reply
  reply.hijack()
  raw.writeHead(200, headers)
  raw.write(`retry: ${reconnectMs}\n\n`)
  raw.setTimeout(stalledMsMax, () => raw.destroy())
  raw.on('error', () => undefined)
  request.on('error', () => undefined)
}

function lastIdOf({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id']
  return Array.isArray(id) || id === '' ? undefined : id
}

/** `event_type` is a whole type, or the beginning of several: `task.*`. */
function filterOf(query: Query): Filter {
  onlyParameters(query, ['trace_id', 'source', 'event_type'])
  const traceId = queryName(query, 'trace_id')
  const source = queryName(query, 'source')
  const type = queryName(query, 'event_type')
  const typesBelow = type?.endsWith('.*') ? type.slice(0, -1) : undefined
  if (typesBelow === undefined && type?.includes('*')) {
    throw refusedParameter('event_type', type, 'a type such as task.created, or all types below one: task.*')
  }
  return event =>
    (traceId === undefined || event.traceId === traceId) &&
    (source === undefined || event.source === source) &&
    (type === undefined ||
      (typesBelow === undefined ? event.eventType === type : event.eventType.startsWith(typesBelow)))
}

function queryName(query: Query, name: string): string | undefined {
  const text = queryText(query, name)
  if (text !== undefined && !isName(text)) throw refusedParameter(name, text, 'a text of 1 to 255 bytes')
  return text
}
