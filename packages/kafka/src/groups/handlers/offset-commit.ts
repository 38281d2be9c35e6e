import type { OffsetCommit, Topic } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../../codec/schema.ts'
import { ErrorCode, type ErrorName } from '../../error-codes.ts'
import { type Handler, handler, type RequestContext } from '../../handler.ts'
import { offsetCommit } from '../../messages/index.ts'
import type { Coordinator } from '../coordinator.ts'
import type { GroupMetrics } from '../metrics.ts'
import { groupIdError } from './group-id.ts'
import { findTopic } from './topics.ts'

type Request = RequestOf<typeof offsetCommit>
type Response = ResponseOf<typeof offsetCommit>

/** One partition of the request on its way: `error` as soon as there is one. */
type Row = {
  readonly topic: Topic
  readonly asked: Request['topics'][number]['partitions'][number]
  error: ErrorName
}

/** OffsetCommit: answered when the offsets are durable (G6). */
export function offsetCommitHandler(coordinator: Coordinator, metrics: GroupMetrics): Handler<typeof offsetCommit> {
  return handler(offsetCommit, async (request, context) => {
    const rows: Row[] = []
    const topics = request.topics.map(topic => readTopic(coordinator, topic, context, rows))
    const valid = rows.filter(row => row.error === 'NONE')
    const error = valid.length === 0 ? 'NONE' : await check(coordinator, request, context)
    if (error === 'NONE') await store(coordinator, metrics, request.groupId, valid, request.topics)
    else for (const row of valid) row.error = error
    return { topics: topics.map(answer => answer()) }
  })
}

/** Adds a row for each partition; returns how the topic is answered once all rows are decided. */
function readTopic(
  { log }: Coordinator,
  asked: Request['topics'][number],
  { apiVersion }: RequestContext,
  rows: Row[],
): () => NonNullable<Response['topics']>[number] {
  const { name, topicId } = asked
  const topic = findTopic(log, asked, apiVersion >= 10)
  const unknown: ErrorName = apiVersion >= 10 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
  const answers = asked.partitions.map(partition => {
    if (!topic) return () => unknown
    const exists = topic.partitions[partition.partitionIndex] !== undefined
    const row: Row = { topic, asked: partition, error: exists ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION' }
    rows.push(row)
    return () => row.error
  })
  return () => ({
    ...{ name, topicId },
    partitions: asked.partitions.map(({ partitionIndex }, at) => ({
      partitionIndex,
      errorCode: ErrorCode[answers[at]!()],
    })),
  })
}

/** May this client commit for the group? */
async function check(coordinator: Coordinator, request: Request, { apiVersion }: RequestContext): Promise<ErrorName> {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request
  const error = groupIdError(coordinator.settings, groupId, 'any')
  if (error !== 'NONE') return error
  const known = coordinator.find(groupId)
  // A generation of a group that does not exist: clients before version 9 know only of wrong generations.
  if (!known && generationId >= 0) return apiVersion >= 9 ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
  const group = known ?? coordinator.findOrCreate(groupId)
  if (!group) return 'POLICY_VIOLATION'
  const said = { memberId, instanceId: groupInstanceId, generationId }
  return coordinator.ask(group, 'commit', ticket => ({ ticket, ...said }), 'verdict')
}

async function store(
  coordinator: Coordinator,
  metrics: GroupMetrics,
  groupId: string,
  rows: readonly Row[],
  topics: Request['topics'],
): Promise<void> {
  const { settings, log } = coordinator
  const named = topics.reduce((count, { partitions }) => count + partitions.length, 0)
  for (const row of rows) row.error = checkOffset(row, settings.offsetMetadataLengthMax)
  if (named > settings.offsetsPerRequestMax) for (const row of rows) row.error = 'INVALID_COMMIT_OFFSET_SIZE'
  const good = rows.filter(row => row.error === 'NONE')
  const { forgotten, committed } = split(good, coordinator.clock.now())
  if (good.length === 0) return
  const error = await coordinator.write('commit offsets', groupId, () =>
    // Both are appended before either is waited for.
    Promise.all([
      committed.length > 0 ? log.commitOffsets(groupId, committed) : undefined,
      forgotten.length > 0 ? log.deleteOffsets(groupId, forgotten) : undefined,
    ]),
  )
  if (error === 'NONE') metrics.committed(good.length)
  else for (const row of good) row.error = error === 'MESSAGE_TOO_LARGE' ? 'INVALID_COMMIT_OFFSET_SIZE' : error
}

function checkOffset({ asked }: Row, metadataLengthMax: number): ErrorName {
  if ((asked.committedMetadata?.length ?? 0) > metadataLengthMax) return 'OFFSET_METADATA_TOO_LARGE'
  return Number.isSafeInteger(asked.committedOffset) ? 'NONE' : 'INVALID_COMMIT_OFFSET_SIZE'
}

/**
 * A negative offset is no position: some clients commit −1 or −2 to go back to where they would begin without one. They read a
 * negative offset and a missing one alike, so that it is kept as a missing one. Of a partition named twice the last counts.
 */
function split(rows: readonly Row[], nowMs: number): { committed: OffsetCommit[]; forgotten: TopicPartition[] } {
  const last = new Map<string, Row>()
  for (const row of rows) last.set(`${row.asked.partitionIndex} ${row.topic.name}`, row)
  const committed: OffsetCommit[] = []
  const forgotten: TopicPartition[] = []
  for (const { topic, asked } of last.values()) {
    const place = { topic: topic.name, partition: asked.partitionIndex }
    if (asked.committedOffset < 0) forgotten.push(place)
    else {
      committed.push({
        ...place,
        offset: asked.committedOffset,
        leaderEpoch: Math.max(-1, asked.committedLeaderEpoch),
        metadata: asked.committedMetadata ?? '',
        // Version 1 lets the client say when.
        commitTimestamp: asked.commitTimestamp >= 0 ? asked.commitTimestamp : nowMs,
      })
    }
  }
  return { committed, forgotten }
}

type TopicPartition = { readonly topic: string; readonly partition: number }
