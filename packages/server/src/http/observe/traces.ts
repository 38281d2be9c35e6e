/** What is asked of events and traces. */
import { eventsOfTrace, isName, listTraces, observeErrors, readTrace, type TraceStatus } from '@chronicle/observe'
import type { FastifyInstance, FastifyReply } from 'fastify'
import {
  onlyParameters,
  type Query,
  queryChoice,
  queryNumber,
  queryText,
  queryTime,
  refusedParameter,
} from '../query.ts'
import { answerFrom, linkToNext, type Parameters, type Reading } from './answers.ts'
import { eventsAnswerBytesMax, rowsPerPage, rowsPerPageMax, tracesAnswerBytes } from './limits.ts'
import * as operations from './operations.ts'

type Asked = { Querystring: Query }
type AskedTrace = { Querystring: Query; Params: { trace_id: string } }

const events = '/api/v1/events'
const traces = '/api/v1/traces'
const statuses: readonly TraceStatus[] = ['pending', 'assigned', 'in_progress', 'completed', 'failed', 'timed_out']
const limits = { min: 1, max: rowsPerPageMax }

/** GET of /api/v1/events, /api/v1/traces and /api/v1/traces/{trace_id}. */
export function addTraceRoutes(scope: FastifyInstance, reading: Reading): void {
  scope.get<Asked>(events, { schema: operations.listEvents }, async ({ query }, reply) =>
    sendEvents(query, reply, reading),
  )
  scope.get<Asked>(traces, { schema: operations.listTraces }, async ({ query }, reply) =>
    sendTraces(query, reply, reading),
  )
  scope.get<AskedTrace>(`${traces}/:trace_id`, { schema: operations.getTrace }, async ({ query, params }, reply) =>
    sendTrace(params.trace_id, query, reply, reading),
  )
}

function sendEvents(query: Query, reply: FastifyReply, reading: Reading): Promise<FastifyReply> {
  onlyParameters(query, ['trace_id', 'limit', 'cursor'])
  const trace_id = queryName(query, 'trace_id')
  if (trace_id === undefined) throw refusedParameter('trace_id', undefined, nameForm)
  const limit = queryNumber(query, 'limit', limits, rowsPerPage)
  const cursor = queryText(query, 'cursor')
  return answerFrom(reply, reading, {
    bytesMax: eventsAnswerBytesMax,
    read: queries => eventsOfTrace(queries, trace_id, { limit, cursor }),
    view({ rows, next }) {
      if (next !== undefined) linkToNext(reply, events, { trace_id, limit, cursor: next })
      return rows
    },
  })
}

function sendTraces(query: Query, reply: FastifyReply, reading: Reading): Promise<FastifyReply> {
  onlyParameters(query, ['status', 'agent', 'owner', 'since', 'until', 'limit', 'cursor'])
  const filter = {
    status: queryChoice(query, 'status', statuses),
    agent: queryName(query, 'agent'),
    owner: queryName(query, 'owner'),
    sinceMicros: queryTime(query, 'since'),
    untilMicros: queryTime(query, 'until'),
  }
  const limit = queryNumber(query, 'limit', limits, rowsPerPage)
  const cursor = queryText(query, 'cursor')
  return answerFrom(reply, reading, {
    bytesMax: tracesAnswerBytes(limit),
    read: queries => listTraces(queries, { ...filter, limit, cursor }),
    view({ rows, next }) {
      // Every parameter has been checked to be one text.
      if (next !== undefined) linkToNext(reply, traces, { ...(query as Parameters), limit, cursor: next })
      return rows
    },
  })
}

/** The row, and the events of its trace as `spans`; the Link leads to those that do not fit. */
function sendTrace(traceId: string, query: Query, reply: FastifyReply, reading: Reading): Promise<FastifyReply> {
  onlyParameters(query, ['limit'])
  const limit = queryNumber(query, 'limit', limits, rowsPerPageMax)
  const unknown = observeErrors.create('observe.unknown-trace')
  // No event could have brought it.
  if (!isName(traceId)) throw unknown
  return answerFrom(reply, reading, {
    bytesMax: eventsAnswerBytesMax,
    // Both of one snapshot: a batch that is written meanwhile is in neither of them.
    async read(queries) {
      const row = await readTrace(queries, traceId)
      return row && { row, spans: await eventsOfTrace(queries, traceId, { limit }) }
    },
    view(found) {
      if (found === undefined) throw unknown
      const { row, spans } = found
      if (spans.next !== undefined) linkToNext(reply, events, { trace_id: traceId, limit, cursor: spans.next })
      return { ...row, spans: spans.rows }
    },
  })
}

const nameForm = 'a text of 1 to 255 bytes'

/** A name as events have them. */
function queryName(query: Query, name: string): string | undefined {
  const text = queryText(query, name)
  if (text !== undefined && !isName(text)) throw refusedParameter(name, text, nameForm)
  return text
}
