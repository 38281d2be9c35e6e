/** What is asked of the days of agents. */
import type { Clock } from '@chronicle/base'
import { agentsOfDay, isName, latestDayOf, observeErrors, utcDayOf } from '@chronicle/observe'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { onlyParameters, type Query, queryNumber, queryText, refusedParameter } from '../query.ts'
import { answerFrom, linkToNext, type Reading } from './answers.ts'
import { agentsAnswerBytes, rowsPerPageMax } from './limits.ts'
import * as operations from './operations.ts'

type Asked = { Querystring: Query }
type AskedAgent = { Querystring: Query; Params: { agent_id: string } }

const summary = '/api/v1/metrics/summary'

/** GET of /api/v1/metrics/{agent_id}/latest and /api/v1/metrics/summary. */
export function addAgentRoutes(scope: FastifyInstance, reading: Reading, clock: Clock): void {
  scope.get<AskedAgent>(
    '/api/v1/metrics/:agent_id/latest',
    { schema: operations.latestDay },
    async ({ query, params }, reply) => {
      onlyParameters(query, [])
      const unknown = observeErrors.create('observe.unknown-agent')
      if (!isName(params.agent_id)) throw unknown
      return answerFrom(reply, reading, {
        bytesMax: agentsAnswerBytes(1),
        read: queries => latestDayOf(queries, params.agent_id),
        view(row) {
          if (row === undefined) throw unknown
          return row
        },
      })
    },
  )
  scope.get<Asked>(summary, { schema: operations.agentsOfDay }, async ({ query }, reply) =>
    sendDay(query, reply, reading, clock),
  )
}

function sendDay(query: Query, reply: FastifyReply, reading: Reading, clock: Clock): Promise<FastifyReply> {
  onlyParameters(query, ['day', 'limit', 'cursor'])
  const day = queryDay(query) ?? utcDayOf(clock.now() * 1000)
  const limit = queryNumber(query, 'limit', { min: 1, max: rowsPerPageMax }, rowsPerPageMax)
  const cursor = queryText(query, 'cursor')
  return answerFrom(reply, reading, {
    bytesMax: agentsAnswerBytes(limit),
    read: queries => agentsOfDay(queries, day, { limit, cursor }),
    view({ rows, next }) {
      // With its day: midnight may be between two pages.
      if (next !== undefined) linkToNext(reply, summary, { day, limit, cursor: next })
      return rows
    },
  })
}

function queryDay(query: Query): string | undefined {
  const text = queryText(query, 'day')
  if (text === undefined) return undefined
  const start = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // Date.parse takes the 30th of February for the 2nd of March.
  if (!(start >= 0) || utcDayOf(start * 1000) !== text) {
    throw refusedParameter('day', text, 'a day (UTC) from 1970 on, such as 2026-11-20')
  }
  return text
}
