/** What could not be taken: listed, looked at, taken in again. */
import { isUtf8 } from 'node:buffer'
import type { Clock } from '@chronicle/base'
import {
  type LetterPage,
  type LetterReplay,
  letterPageMax,
  observeErrors,
  type Pipeline,
  replayLetter,
  type StoredLetter,
  textFromMicros,
} from '@chronicle/observe'
import type { FastifyInstance } from 'fastify'
import type { BytesBudget } from '../bytes-budget.ts'
import { isWholeNumber, onlyParameters, type Query, queryNumber, queryText } from '../query.ts'
import { takeBodiesUnread } from '../request-body.ts'
import { answerWithin, linkToNext, type Parameters } from './answers.ts'
import { letterAnswerBytesMax } from './limits.ts'
import * as operations from './operations.ts'

type Asked = { Querystring: Query }
type AskedLetter = { Querystring: Query; Params: { offset: string } }
type Door = {
  readonly pipeline: Pick<Pipeline, 'deadLetters' | 'intake'>
  readonly clock: Clock
  /** Memory for answers. */
  readonly budget: BytesBudget
}

const letters = '/api/v1/dead-letters'

/** GET of /api/v1/dead-letters and …/{offset}, POST of …/replay and …/{offset}/replay. */
export function addLetterRoutes(scope: FastifyInstance, door: Door): void {
  const { deadLetters } = door.pipeline
  // No body is needed; what some clients send all the same is not read.
  takeBodiesUnread(scope)
  scope.get<Asked>(letters, { schema: operations.listLetters }, async ({ query }, reply) => {
    const { page, reason, limit } = await pageOf(query, door)
    if (page.before !== undefined) linkToNext(reply, letters, { reason, limit, before: page.before } as Parameters)
    return page.letters.map(letterView)
  })
  scope.get<AskedLetter>(`${letters}/:offset`, { schema: operations.getLetter }, async ({ query, params }, reply) => {
    onlyParameters(query, [])
    const offset = offsetOf(params.offset)
    return answerWithin(reply, { budget: door.budget, bytesMax: letterAnswerBytesMax }, async () => {
      const letter = await deadLetters.get(offset)
      return { ...letterView(letter), ...rawView(letter.raw) }
    })
  })
  scope.post<AskedLetter>(`${letters}/:offset/replay`, { schema: operations.replayLetter }, async (request, reply) => {
    onlyParameters(request.query, [])
    const replayed = await replay(offsetOf(request.params.offset), door)
    if (replayed.outcome === 'taken') return reply.code(202).send({ event_id: replayed.eventId })
    const { reason, detail } = replayed
    throw observeErrors.create('observe.letter-refused', { reason, detail })
  })
  scope.post<Asked>(`${letters}/replay`, { schema: operations.replayLetters }, async ({ query }, reply) => {
    const { page } = await pageOf(query, door)
    const results: object[] = []
    for (const { offset } of page.letters) results.push(await replayResult(offset, door))
    const taken = results.filter(each => 'event_id' in each).length
    return reply.code(202).send({ taken, refused: results.length - taken, results, before: page.before ?? null })
  })
}

/** The letters that a list shows, and those that a replay of many takes: the same for the same parameters. */
async function pageOf(query: Query, { pipeline: { deadLetters } }: Door) {
  onlyParameters(query, ['reason', 'before', 'limit'])
  const limit = queryNumber(query, 'limit', { min: 1, max: letterPageMax }, letterPageMax)
  const before = queryNumber(query, 'before', { min: 0, max: Number.MAX_SAFE_INTEGER }, undefined)
  const reason = queryText(query, 'reason')
  const page: LetterPage = await deadLetters.list(before === undefined ? { limit } : { limit, before })
  const shown = page.letters.filter(letter => reason === undefined || letter.reason === reason)
  return { page: { ...page, letters: shown }, reason, limit }
}

function offsetOf(text: string): number {
  if (isWholeNumber(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw observeErrors.create('observe.unknown-letter')
}

async function replay(offset: number, { pipeline, clock }: Door): Promise<LetterReplay> {
  const letter = await pipeline.deadLetters.get(offset)
  const nowMicros = Math.floor(clock.now()) * 1000
  return replayLetter(letter, nowMicros, events => pipeline.intake.take(events))
}

/** A letter that cannot be taken leaves the others alone; where none can be, the request fails. */
async function replayResult(offset: number, door: Door): Promise<object> {
  try {
    const replayed = await replay(offset, door)
    if (replayed.outcome === 'taken') return { offset, event_id: replayed.eventId }
    const { reason, detail } = replayed
    return { offset, reason, detail }
  } catch (error) {
    if (!observeErrors.is(error)) throw error
    if (error.code !== 'observe.letter-without-event' && error.code !== 'observe.unknown-letter') throw error
    return { offset, reason: error.code, detail: error.message }
  }
}

function letterView(letter: Omit<StoredLetter, 'raw'>): object {
  const { offset, id, reason, detail, source, atMicros, rawBytes, isDeadLetter } = letter
  const at = textFromMicros(atMicros)
  return { offset, id, reason, detail, source, at, raw_bytes: rawBytes, is_dead_letter: isDeadLetter }
}

/** As text where it is one; both are null where it was too large to be kept. */
function rawView(raw: Buffer | undefined): object {
  const isText = raw !== undefined && isUtf8(raw)
  return { raw: isText ? raw.toString() : null, raw_base64: isText ? null : (raw?.toString('base64') ?? null) }
}
