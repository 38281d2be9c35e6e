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
import { linkToNext, type Parameters, type Reading, readFor } from './answers.ts'
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
  scope.get<Asked>(events, { schema: operations.listEvents }, ({ query }, reply) => sendEvents(query, reply, reading))
  scope.get<Asked>(traces, { schema: operations.listTraces }, ({ query }, reply) => sendTraces(query, reply, reading))
  scope.get<AskedTrace>(`${traces}/:trace_id`, { schema: operations.getTrace }, ({ query, params }, reply) =>
    sendTrace(params.trace_id, query, reply, reading),
  )
}

async function sendEvents(query: Query, reply: FastifyReply, reading: Reading): Promise<readonly object[]> {
  onlyParameters(query, ['trace_id', 'limit', 'cursor'])
  const trace_id = queryName(query, 'trace_id')
  if (trace_id === undefined) throw refusedParameter('trace_id', undefined, nameForm)
  const limit = queryNumber(query, 'limit', limits, rowsPerPage)
  const cursor = queryText(query, 'cursor')
  const { rows, next } = await readFor(reply, reading, eventsAnswerBytesMax, queries =>
    eventsOfTrace(queries, trace_id, { limit, cursor }),
  )
  if (next !== undefined) linkToNext(reply, events, { trace_id, limit, cursor: next })
  return rows
}

async function sendTraces(query: Query, reply: FastifyReply, reading: Reading): Promise<readonly object[]> {
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
  const { rows, next } = await readFor(reply, reading, tracesAnswerBytes(limit), queries =>
    listTraces(queries, { ...filter, limit, cursor }),
  )
  // Every parameter has been checked to be one text.
  if (next !== undefined) linkToNext(reply, traces, { ...(query as Parameters), limit, cursor: next })
  return rows
}

/** The row, and the events of its trace as `spans`; the Link leads to those that do not fit. */
async function sendTrace(traceId: string, query: Query, reply: FastifyReply, reading: Reading): Promise<object> {
  onlyParameters(query, ['limit'])
  const limit = queryNumber(query, 'limit', limits, rowsPerPageMax)
  const unknown = observeErrors.create('observe.unknown-trace')
  // No event could have brought it.
  if (!isName(traceId)) throw unknown
  // Both of one snapshot: a batch that is written meanwhile is in neither of them.
  const found = await readFor(reply, reading, eventsAnswerBytesMax, async queries => {
    const row = await readTrace(queries, traceId)
    return row && { row, spans: await eventsOfTrace(queries, traceId, { limit }) }
  })
  if (found === undefined) throw unknown
  const { row, spans } = found
  if (spans.next !== undefined) linkToNext(reply, events, { trace_id: traceId, limit, cursor: spans.next })
  return { ...row, spans: spans.rows }
}

const nameForm = 'a text of 1 to 255 bytes'

/** A name as events have them. */
function queryName(query: Query, name: string): string | undefined {
  const text = queryText(query, name)
  if (text !== undefined && !isName(text)) throw refusedParameter(name, text, nameForm)
  return text
}
