/** A rebuild of the tables from the log: asked for, looked at, put in force, ended. */
import type { Clock } from '@chronicle/base'
import {
  microsFromText,
  type RebuildJobs,
  type RebuildRequest,
  type RebuildView,
  type TableComparison,
} from '@chronicle/observe'
import type { FastifyInstance } from 'fastify'
import { problemOf } from '../problem.ts'
import { onlyParameters, type Query, refusedParameter } from '../query.ts'
import * as operations from './rebuild-operations.ts'

type Asked = { Querystring: Query }

const replay = '/api/v1/observe/replay'
const swaps: readonly RebuildRequest['swap'][] = ['never', 'ask', 'always']
const timeForm = '`beginning`, or a time of RFC 3339 that is past, such as 2026-11-20T12:00:00Z'
const bodyBytesMax = 4 * 1024

export type RebuildDoor = { readonly rebuilds: RebuildJobs; readonly clock: Clock }

/** GET, POST and DELETE of /api/v1/observe/replay, POST of …/swap. */
export function addRebuildRoutes(app: FastifyInstance, { rebuilds, clock }: RebuildDoor): void {
  app.addSchema(operations.TablesReplay)
  app.register(async scope => {
    // Schemas describe here. What checks is written by hand, so that a refusal names field, value and what is accepted.
    scope.setValidatorCompiler(() => () => true)
    scope.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
    const onlyPath = (query: Query): void => onlyParameters(query, [])
    scope.get<Asked>(replay, { schema: operations.getReplay }, ({ query }) => {
      onlyPath(query)
      return view(rebuilds.view)
    })
    const starting = { schema: operations.startReplay, bodyLimit: bodyBytesMax }
    scope.post<Asked & { Body: unknown }>(replay, starting, async ({ query, body }, reply) => {
      onlyPath(query)
      return reply.code(202).send(view(rebuilds.start(requestOf(body, clock.now()))))
    })
    scope.post<Asked>(`${replay}/swap`, { schema: operations.swapReplay }, async ({ query }, reply) => {
      onlyPath(query)
      return reply.code(202).send(view(rebuilds.putInForce()))
    })
    scope.delete<Asked>(replay, { schema: operations.cancelReplay }, async ({ query }, reply) => {
      onlyPath(query)
      return reply.code(202).send(view(rebuilds.cancel()))
    })
  })
}

/** Without a body: everything that the log holds, and nothing is replaced. */
function requestOf(body: unknown, nowMs: number): RebuildRequest {
  if (body !== undefined && body !== null && (typeof body !== 'object' || Array.isArray(body))) {
    throw refusedParameter('body', body, 'a JSON object with from, swap and keep_old')
  }
  const fields = (body ?? {}) as Query
  const unknown = Object.keys(fields).find(name => !['from', 'swap', 'keep_old'].includes(name))
  if (unknown !== undefined) throw refusedParameter(unknown, fields[unknown], 'no field but from, swap, keep_old')
  const { from = 'beginning', swap = 'never', keep_old: keepOld = true } = fields
  const mode = swaps.find(each => each === swap)
  if (mode === undefined) throw refusedParameter('swap', swap, `one of ${swaps.join(', ')}`)
  if (typeof keepOld !== 'boolean') throw refusedParameter('keep_old', keepOld, 'true or false')
  return { from: fromOf(from, nowMs), swap: mode, keepOld }
}

function fromOf(from: unknown, nowMs: number): RebuildRequest['from'] {
  if (from === 'beginning') return from
  const micros = typeof from === 'string' ? microsFromText(from) : undefined
  if (micros === undefined || micros < 0 || micros > nowMs * 1000) throw refusedParameter('from', from, timeForm)
  return { timestamp: Math.floor(micros / 1000) }
}

function view(job: RebuildView): Record<string, unknown> {
  const { id, state, from, step, counts, comparison, error } = job
  return {
    id,
    state,
    from: from === 'beginning' ? from : time(from.timestamp),
    swap: job.swap,
    keep_old: job.keepOld,
    started_at: time(job.startedMs),
    ended_at: job.endedMs === undefined ? undefined : time(job.endedMs),
    step: { name: step.step, done: step.done, total: step.total },
    records_read: counts.records,
    events_carried: counts.carriedEvents,
    tables: comparison?.map(tableView),
    error: error === undefined || state === 'cancelled' ? undefined : problemOf(error),
  }
}

function tableView({ table, equal, onlyOld, onlyNew, different, columns, examples }: TableComparison): object {
  return { table, equal, only_old: onlyOld, only_new: onlyNew, different, columns, examples }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
