import { batchIsTransactional, type Partition } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { errorName } from '../error-codes.ts'
import { Disconnect, type Handler, handler } from '../handler.ts'
import { produce } from '../messages/index.ts'
import { zeroUuid } from '../uuid.ts'
import { DurableGroups, type Outcome } from './durable-groups.ts'
import { type Refused, refused, refusedByLog } from './log-error.ts'
import type { HandlerOptions } from './options.ts'
import type { TopicLookup } from './topic-lookup.ts'

type Request = RequestOf<typeof produce>
type TopicData = Request['topicData'][number]
type PartitionData = TopicData['partitionData'][number]
type Response = ResponseOf<typeof produce>
type PartitionResponse = {
  index: number
  errorCode: number
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
  errorMessage: string | null
}

/**
 * Where a batch says how long it is: `int64 base offset, int32 length of what follows, …`, and how many bytes that is.
 */
const lengthAt = 8
const beforeLengthEndBytes = 12
/** The batch header up to the last offset delta: what is looked at here. */
const attributesEndBytes = 23

export type ProduceHandler = { readonly handler: Handler<typeof produce>; stop(): void }

/**
 * Appends batches and answers when they are durable, for acks=1 as for acks=all. All batches are copied into the log before
 * this returns, so the request's memory may be used again (N7).
 */
export function produceHandler({ log, clock }: HandlerOptions, lookup: TopicLookup): ProduceHandler {
  const groups = new DurableGroups(clock)

  const appendAll = (request: Request): Appending => {
    const appending = new Appending()
    const refusal = refusalOf(request)
    for (const topic of request.topicData) {
      const partitionResponses = topic.partitionData.map(data => {
        if (refusal !== undefined) return failed(data.index, refusal)
        return appending.append(partitionOf(topic, data.index), topic, data)
      })
      appending.response.responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
    }
    return appending
  }
  const partitionOf = ({ name, topicId }: TopicData, index: number): Partition | undefined =>
    topicId === zeroUuid ? log.partition(name, index) : lookup.partition(name, topicId, index)

  const handle = (request: Request): Response | undefined | Promise<Response> => {
    const appending = appendAll(request)
    if (request.acks === 0) return answerNothing(appending)
    const { response } = appending
    const durable = appending.durable
    if (durable === undefined) return response
    return new Promise(resolve => {
      groups.wait(durable, request.timeoutMs, outcome => {
        if (outcome.kind !== 'durable') failAppended(response, outcome)
        resolve(response)
      })
    })
  }
  return { handler: handler(produce, handle), stop: () => groups.stop() }
}

/** The response that builds up, and what it has to wait for. */
class Appending {
  readonly response: { responses: { name: string; topicId: string; partitionResponses: PartitionResponse[] }[] } = {
    responses: [],
  }
  #first: Promise<void> | undefined
  #others: Set<Promise<void>> | undefined

  append(partition: Partition | undefined, topic: TopicData, { index, records }: PartitionData): PartitionResponse {
    if (partition === undefined) return failed(index, unknownPartition(topic))
    const refusal = batchRefusal(records)
    if (refusal !== undefined) return failed(index, refusal)
    try {
      const { baseOffset, logStartOffset, durable } = partition.append(records!)
      this.#await(durable)
      return { index, errorCode: 0, baseOffset, logAppendTimeMs: -1, logStartOffset, errorMessage: null }
    } catch (error) {
      return failed(index, refusedByLog(error))
    }
  }

  /** Settles when everything that was appended is durable; undefined when nothing was. */
  get durable(): Promise<void> | undefined {
    return this.#others === undefined ? this.#first : Promise.all(this.#others).then(() => undefined)
  }

  #await(durable: Promise<void>): void {
    if (this.#first === undefined) this.#first = durable
    else if (durable !== this.#first) (this.#others ??= new Set([this.#first])).add(durable)
  }
}

function refusalOf({ acks, transactionalId }: Request): Refused | undefined {
  if (acks !== 0 && acks !== 1 && acks !== -1) {
    return refused('INVALID_REQUIRED_ACKS', `acks is ${acks}; accepted are -1 (all), 0 and 1`)
  }
  if (transactionalId !== null) return refused('INVALID_TXN_STATE', 'Transactions are not served by this broker')
  return undefined
}

/** What is wrong with how many batches there are; what is wrong inside of one is the log's to find. */
function batchRefusal(records: Buffer | null): Refused | undefined {
  if (records === null || records.length === 0) {
    return refused('INVALID_RECORD', 'There is no record batch; accepted is exactly one for each partition')
  }
  if (records.length < attributesEndBytes) return undefined
  const batchBytes = beforeLengthEndBytes + records.readInt32BE(lengthAt)
  if (batchBytes > beforeLengthEndBytes && batchBytes < records.length) {
    return refused(
      'INVALID_RECORD',
      `A batch of ${batchBytes} bytes is followed by ${records.length - batchBytes} more; accepted is exactly one batch for each partition`,
    )
  }
  // A transaction that nobody can end would keep every read_committed reader waiting.
  if (batchIsTransactional(records, 0)) {
    return refused('INVALID_TXN_STATE', 'The batch is transactional and the request names no transactional id')
  }
  return undefined
}

function unknownPartition({ name, topicId }: TopicData): Refused {
  return topicId === zeroUuid
    ? refused('UNKNOWN_TOPIC_OR_PARTITION', `There is no such partition of the topic ${name}`)
    : refused('UNKNOWN_TOPIC_ID', `There is no such partition of the topic with the id ${topicId}`)
}

function failed(index: number, { errorCode, errorMessage }: Refused): PartitionResponse {
  return { index, errorCode, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: -1, errorMessage }
}

function failAppended({ responses }: Appending['response'], outcome: Outcome): void {
  const refusal =
    outcome.kind === 'failed'
      ? refusedByLog(outcome.error)
      : refused('REQUEST_TIMED_OUT', 'The batch is not durable yet; it may become so later')
  for (const { partitionResponses } of responses) {
    for (const partition of partitionResponses) {
      if (partition.errorCode === 0) Object.assign(partition, failed(partition.index, refusal))
    }
  }
}

/** With acks=0 nothing is answered; a client learns that something failed by losing its connection, as with Kafka. */
function answerNothing({ response, durable }: Appending): undefined {
  // Nobody waits: that the log failed is said by the log.
  durable?.catch(() => undefined)
  for (const { name, topicId, partitionResponses } of response.responses) {
    const bad = partitionResponses.find(({ errorCode }) => errorCode !== 0)
    if (bad === undefined) continue
    const topic = name === '' ? topicId : name
    throw new Disconnect(`acks=0: ${topic}-${bad.index}: ${errorName(bad.errorCode)}: ${bad.errorMessage}`)
  }
}
