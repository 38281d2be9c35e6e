import type { Random } from '@chronicle/base'
import type { Isolation } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler, type RequestContext } from '../handler.ts'
import { fetch } from '../messages/index.ts'
import { type PartitionRead, type ReadPass, readPass, releasePass } from './fetch-read.ts'
import { type FetchPlan, FetchSessions, moveToEnd, noSession } from './fetch-sessions.ts'
import { type FetchWait, FetchWaits } from './fetch-waits.ts'
import type { HandlerOptions } from './options.ts'
import type { TopicLookup } from './topic-lookup.ts'

type Request = RequestOf<typeof fetch>
type Response = ResponseOf<typeof fetch>
type PartitionResponse = Response['responses'][number]['partitions'][number]

const readCommitted = 1

export type FetchHandler = {
  readonly handler: Handler<typeof fetch>
  /** Answers every fetch that waits with what there is. */
  stop(): void
}

export function fetchHandler(options: HandlerOptions, lookup: TopicLookup, random: Random): FetchHandler {
  const { clock, limits } = options
  const sessions = new FetchSessions(limits, clock, random)
  const waits = new FetchWaits(clock)

  /** Reads until there is enough, the time is up, or there is something else to say. Answers at once where it can. */
  const gather = (plan: FetchPlan, request: Request, context: RequestContext): ReadPass | Promise<ReadPass> => {
    const { partitions } = plan
    const isolation: Isolation = request.isolationLevel === readCommitted ? 'read_committed' : 'read_uncommitted'
    const bytesMax = Math.min(request.maxBytes, limits.fetchBytesMax)
    const bytesMin = Math.min(request.minBytes, bytesMax)
    const isEnough = (pass: ReadPass) => pass.bytes >= bytesMin || pass.urgent || partitions.length === 0
    const prepare = () => waits.prepare(partitions, lookup, isolation)
    const read = () => readPass(partitions, lookup, isolation, bytesMax)

    const goOn = async (firstWait: FetchWait, firstPass: ReadPass | Promise<ReadPass>): Promise<ReadPass> => {
      const deadline = clock.monotonic() + Math.min(request.maxWaitMs, limits.fetchWaitMsMax)
      const { closed } = context
      let wait = firstWait
      let pass = await firstPass
      while (!isEnough(pass) && !closed.aborted && !waits.stopped && clock.monotonic() < deadline) {
        releasePass(pass)
        await wait.untilNews(deadline, bytesMin, closed)
        wait = prepare()
        pass = await read()
      }
      return pass
    }
    const wait = prepare()
    const pass = read()
    return pass instanceof Promise || !isEnough(pass) ? goOn(wait, pass) : pass
  }

  const answer = (plan: FetchPlan, pass: ReadPass, request: Request, context: RequestContext): Response => {
    for (const { records } of pass.reads) if (records !== undefined) context.afterSend(() => records.release())
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      sessionId: plan.session?.id ?? noSession,
      responses: responsesOf(plan, pass, request.isolationLevel === readCommitted),
    }
  }

  const handle = (request: Request, context: RequestContext): Response | Promise<Response> => {
    const plan = sessions.plan(request)
    if (typeof plan === 'number') return { throttleTimeMs: 0, errorCode: plan, sessionId: noSession, responses: [] }
    const pass = gather(plan, request, context)
    return pass instanceof Promise
      ? pass.then(later => answer(plan, later, request, context))
      : answer(plan, pass, request, context)
  }
  return { handler: handler(fetch, handle), stop: () => waits.stop() }
}

/** By topic, as far as neighbours have the same. */
function responsesOf(plan: FetchPlan, { reads }: ReadPass, committed: boolean): Response['responses'] {
  const topics: { topic: string; topicId: string; partitions: PartitionResponse[] }[] = []
  for (const read of reads) {
    const { topic, topicId } = read.of
    if (plan.session !== undefined && !tell(plan, read)) continue
    const last = topics.at(-1)
    const response = partitionResponse(read, committed)
    if (last !== undefined && last.topic === topic && last.topicId === topicId) last.partitions.push(response)
    else topics.push({ topic, topicId, partitions: [response] })
  }
  return topics
}

/** Whether the client of a session is told of this partition; remembers what it is told. */
function tell(plan: FetchPlan, read: PartitionRead): boolean {
  const { of, errorCode, highWatermark, logStartOffset } = read
  const hasRecords = (read.records?.bytes ?? 0) > 0
  if (hasRecords) moveToEnd(plan.session!, of)
  const hasNews =
    hasRecords ||
    errorCode !== ErrorCode.NONE ||
    read.divergingEpoch !== undefined ||
    highWatermark !== of.toldHighWatermark ||
    logStartOffset !== of.toldLogStartOffset
  // After an error −1 is remembered, so that its end is news.
  of.toldHighWatermark = highWatermark
  of.toldLogStartOffset = logStartOffset
  return hasNews || !plan.incremental
}

function partitionResponse(read: PartitionRead, committed: boolean): PartitionResponse {
  const { records, divergingEpoch } = read
  return {
    partitionIndex: read.of.partition,
    errorCode: read.errorCode,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    abortedTransactions: committed ? (records?.abortedTransactions ?? []) : null,
    records: records?.pieces ?? [],
    ...(divergingEpoch && { divergingEpoch }),
  }
}
