import type { RequestOf, ResponseOf } from '../../codec/schema.ts'
import { ErrorCode, type ErrorName } from '../../error-codes.ts'
import { type Handler, handler } from '../../handler.ts'
import { offsetDelete } from '../../messages/index.ts'
import type { Coordinator } from '../coordinator.ts'
import type { Group } from '../group.ts'
import { consumerProtocolType, isSubscribed, subscribedTopics } from '../subscription.ts'
import { groupIdError } from './group-id.ts'

type Request = RequestOf<typeof offsetDelete>
type Response = ResponseOf<typeof offsetDelete>

/** OffsetDelete: forgets offsets of topics that no member of the group subscribes to. Answered when that is durable. */
export function offsetDeleteHandler(coordinator: Coordinator): Handler<typeof offsetDelete> {
  return handler(offsetDelete, async (request): Promise<Response> => {
    const { groupId, topics } = request
    const group = coordinator.find(groupId)
    const error = check(coordinator, request, group)
    if (error !== 'NONE' || !group) return { errorCode: ErrorCode[error], throttleTimeMs: 0, topics: [] }
    const subscribed = subscribedTopics(group)
    const answers = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: ErrorCode[checkPartition(coordinator, name, partitionIndex, isSubscribed(subscribed, name))],
      })),
    }))
    const written = await forget(coordinator, groupId, answers)
    if (written !== 'NONE') return { errorCode: ErrorCode[written], throttleTimeMs: 0, topics: [] }
    return { errorCode: ErrorCode.NONE, throttleTimeMs: 0, topics: answers }
  })
}

function check({ settings }: Coordinator, { groupId, topics }: Request, group: Group | undefined): ErrorName {
  const error = groupIdError(settings, groupId, 'named')
  if (error !== 'NONE') return error
  if (!group || group.state === 'Dead') return 'GROUP_ID_NOT_FOUND'
  const named = topics.reduce((count, { partitions }) => count + partitions.length, 0)
  if (named > settings.offsetsPerRequestMax) return 'POLICY_VIOLATION'
  // What the members of another protocol type depend on is not ours to know.
  return group.state !== 'Empty' && group.protocolType !== consumerProtocolType ? 'NON_EMPTY_GROUP' : 'NONE'
}

function checkPartition({ log }: Coordinator, topic: string, partition: number, subscribed: boolean): ErrorName {
  if (!log.partition(topic, partition)) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return subscribed ? 'GROUP_SUBSCRIBED_TO_TOPIC' : 'NONE'
}

async function forget(coordinator: Coordinator, groupId: string, topics: Response['topics']): Promise<ErrorName> {
  const { log } = coordinator
  const partitions = topics
    .flatMap(({ name, partitions }) => partitions.map(each => ({ topic: name, ...each })))
    .filter(({ errorCode }) => errorCode === ErrorCode.NONE)
    .filter(({ topic, partitionIndex }) => log.committedOffset(groupId, topic, partitionIndex) !== undefined)
    .map(({ topic, partitionIndex }) => ({ topic, partition: partitionIndex }))
  if (partitions.length === 0) return 'NONE'
  return coordinator.write('delete offsets', groupId, () => log.deleteOffsets(groupId, partitions))
}
