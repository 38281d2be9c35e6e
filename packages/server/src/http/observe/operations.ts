/** The operations of observe in the OpenAPI document. */
import { letterPageMax } from '@chronicle/observe'
import { problemResponse } from '../problem.ts'
import { json } from '../sessions/media.ts'
import { eventsBodyBytesMax, eventsPerRequestMax, rowsPerPage, rowsPerPageMax } from './limits.ts'
import { time, traceId, traceStatus } from './schemas.ts'

const tags = ['observe']

const paged = ' The `Link` header with `rel="next"` leads to the next page; on the last one there is none.'
const refused = problemResponse('A parameter is not accepted: the detail names it, its value and what is')
const away = problemResponse('The tables cannot be read at present, or not in time. Events are taken in all the same.')
const busy = problemResponse('There is no room; Retry-After says when to try again')
const reading = { 400: refused, 429: busy, 503: away }

const name = (description: string): object => ({ type: 'string', description })
const limit = (max: number, otherwise: number): object => ({
  type: 'integer',
  minimum: 1,
  maximum: max,
  default: otherwise,
  description: 'Rows on a page',
})
const cursor = { type: 'string', description: 'From the Link header of the page before, as it is' } as const
const query = (properties: Readonly<Record<string, object>>, required: readonly string[] = []): object => ({
  type: 'object',
  required,
  properties,
})
const list = (of: string, description: string): object => ({
  description,
  headers: { link: { type: 'string', description: 'The next page, with rel="next" (RFC 8288)' } },
  ...json({ type: 'array', items: { $ref: `${of}#` } }),
})
const one = (of: string, description: string): object => ({ description, ...json({ $ref: `${of}#` }) })

export const health = {
  operationId: 'getHealth',
  summary: 'How observe is',
  description:
    'What waits for the tables, how sources and database are, and which alerts stand. `/health` has the checks of the whole server, one sentence each, and is what a container or a load balancer asks; this is for whoever looks after the swarm. Both say `fail`, with status 503, only where the server does not serve. It is answered from memory and opens no database.',
  tags,
  response: { 200: one('ObserveHealth', 'The server serves'), 503: one('ObserveHealth', 'It does not'), 400: refused },
}

export const postEvents = {
  operationId: 'postEvents',
  summary: 'Take events in',
  description: `One event, or an array of them; or one a line as application/x-ndjson. With \`Content-Encoding: gzip\` also compressed. At most ${eventsPerRequestMax} events and ${eventsBodyBytesMax / 2 ** 20} MiB (decompressed) in a request. Answered once the events are durable; the tables have them within the flush interval. A bad event is named by its index and goes to the dead letters, the others are taken. An event that brings an \`event_id\` may be sent any number of times. Events without a \`timestamp\` keep the order of the request.`,
  tags,
  body: {
    content: {
      'application/json': {
        schema: { anyOf: [{ $ref: 'NewEvent#' }, { type: 'array', items: { $ref: 'NewEvent#' } }] },
      },
      'application/x-ndjson': { schema: { type: 'string', description: 'One NewEvent a line' } },
    },
  },
  response: {
    202: one('EventsAccepted', 'At least one is durable now, or there were none'),
    400: problemResponse('The body is no JSON at all; nothing was kept'),
    408: problemResponse('The body did not arrive in time'),
    413: problemResponse('The body is larger than accepted, or has more events; nothing was kept'),
    415: problemResponse('Type or encoding of the body is not accepted'),
    422: {
      description: 'Every event was refused',
      content: { 'application/problem+json': { schema: { $ref: 'EventsRefused#' } } },
    },
    429: problemResponse('As many events wait for the tables as the buffer takes; Retry-After says when to try again'),
    503: problemResponse('The log does not take events at present'),
  },
}

export const listEvents = {
  operationId: 'listEvents',
  summary: 'Events of a trace',
  description: `In the order of their times. A page of very large events holds fewer than \`limit\`.${paged}`,
  tags,
  querystring: query({ trace_id: traceId, limit: limit(rowsPerPageMax, rowsPerPage), cursor }, ['trace_id']),
  response: { 200: list('SwarmEvent', 'One page; empty where there is no such trace'), ...reading },
}

export const streamEvents = {
  operationId: 'streamEvents',
  summary: 'Follow the events',
  description:
    'Server-Sent Events, as the tables get them: `data` is a TailEvent. After a break a browser sends `Last-Event-ID` by itself and gets what came meanwhile, as far as it is kept: 20,000 events or 16 MiB. What is not is told as `event: gap` with `{"missed": 4288}`, or null where nobody knows how many: after a restart, and a minute after the last client left. The same happens to a client that is too slow. The tables have all of it: who keeps a picture reads it again then. An event may come twice, with the same `event_id`, when a batch had to be written again.',
  tags,
  querystring: query({
    trace_id: { ...traceId, description: 'Events of this trace alone' },
    source: name('Events of this source alone'),
    event_type: { type: 'string', description: 'A type, or all types below one', examples: ['task.created', 'task.*'] },
  }),
  headers: {
    type: 'object',
    properties: { 'last-event-id': name('Id of the last event that was seen: go on behind it') },
  },
  response: {
    200: {
      description: 'A stream that ends with the server',
      content: { 'text/event-stream': { schema: { $ref: 'TailEvent#' } } },
    },
    400: refused,
    429: busy,
  },
}

export const listTraces = {
  operationId: 'listTraces',
  summary: 'List the traces',
  description: `Newest first, by the time of their first event.${paged}`,
  tags,
  querystring: query({
    status: traceStatus,
    agent: name('Assigned agent'),
    owner: name('Owner of the task'),
    since: time('The first event is not before this'),
    until: time('The first event is before this'),
    limit: limit(rowsPerPageMax, rowsPerPage),
    cursor,
  }),
  response: { 200: list('Trace', 'One page'), ...reading },
}

export const getTrace = {
  operationId: 'getTrace',
  summary: 'One trace with all its spans',
  description: `Up to \`limit\` spans, fewer where they are very large; the \`Link\` header with \`rel="next"\` leads to those behind them.`,
  tags,
  params: { type: 'object', required: ['trace_id'], properties: { trace_id: traceId } },
  querystring: query({ limit: limit(rowsPerPageMax, rowsPerPageMax) }),
  response: {
    200: one('TraceWithSpans', 'The trace'),
    404: problemResponse('There is no such trace'),
    ...reading,
  },
}

export const latestDay = {
  operationId: 'getLatestMetrics',
  summary: 'The newest day of an agent',
  tags,
  params: {
    type: 'object',
    required: ['agent_id'],
    properties: { agent_id: { type: 'string', description: 'Name of the agent', examples: ['kai'] } },
  },
  response: { 200: one('AgentDay', 'The row'), 404: problemResponse('The agent has no day'), ...reading },
}

export const agentsOfDay = {
  operationId: 'listMetrics',
  summary: 'All agents on one day',
  description: `Sorted by name.${paged}`,
  tags,
  querystring: query({
    day: { type: 'string', format: 'date', description: 'UTC. Left out: the current day.' },
    limit: limit(rowsPerPageMax, rowsPerPageMax),
    cursor,
  }),
  response: { 200: list('AgentDay', 'One page'), ...reading },
}

const lettersQuery = query({
  reason: { type: 'string', description: 'Those with this reason alone', examples: ['missing-trace-id'] },
  before: { type: 'integer', minimum: 0, description: 'Those below this offset' },
  limit: limit(letterPageMax, letterPageMax),
})
const letterPath = {
  type: 'object',
  required: ['offset'],
  properties: { offset: { type: 'integer', minimum: 0, description: 'From the list' } },
}
const noLetter = problemResponse('There is no dead letter at this offset')

export const listLetters = {
  operationId: 'listDeadLetters',
  summary: 'List the dead letters',
  description: `What could not be taken, newest first, without what came. With \`reason\` a page may be shorter although there are more, even empty.${paged}`,
  tags,
  querystring: lettersQuery,
  response: { 200: list('DeadLetter', 'One page'), 400: refused },
}

export const getLetter = {
  operationId: 'getDeadLetter',
  summary: 'One dead letter, with what came',
  tags,
  params: letterPath,
  response: { 200: one('DeadLetterWithRaw', 'The letter'), 400: refused, 404: noLetter },
}

export const replayLetter = {
  operationId: 'replayDeadLetter',
  summary: 'Take a dead letter in again',
  description: 'As if it came now. Doing it twice changes nothing; the letter stays until retention removes it.',
  tags,
  params: letterPath,
  response: {
    202: {
      description: 'The event is durable now',
      ...json({ type: 'object', required: ['event_id'], properties: { event_id: { type: 'string', format: 'uuid' } } }),
    },
    400: refused,
    404: noLetter,
    422: problemResponse('It is refused again, or holds nothing that could be taken'),
    429: busy,
  },
}

export const replayLetters = {
  operationId: 'replayDeadLetters',
  summary: 'Take many dead letters in again',
  description:
    'Those that the list shows for the same parameters. Where there is no room in the midst of them the answer is 429: the same request again goes on, for letters that were taken change nothing.',
  tags,
  querystring: lettersQuery,
  response: { 202: one('Replays', 'What became of each'), 400: refused, 429: busy },
}
