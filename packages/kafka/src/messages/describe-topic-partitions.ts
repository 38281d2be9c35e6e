import {
  api,
  array,
  bool,
  int16,
  int32,
  nullable,
  nullByDefault,
  string,
  struct,
  uuid,
  withDefault,
} from '../codec/schema.ts'

/** Authorized operations were not asked for. */
const notAsked = -2147483648

/** DescribeTopicPartitions: topics and partitions, a page at a time (KIP-966). Always flexible. */
export const describeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexible: 0,
  about: 'Topics and partitions, a page at a time.',
  request: {
    topics: array({ name: string }),
    responsePartitionLimit: withDefault(2000, int32),
    cursor: nullByDefault(struct({ topicName: string, partitionIndex: int32 })),
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      errorCode: int16,
      name: nullable(string),
      topicId: uuid,
      isInternal: withDefault(false, bool),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: withDefault(-1, int32),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: nullByDefault(array(int32)),
        lastKnownElr: nullByDefault(array(int32)),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: withDefault(notAsked, int32),
    }),
    nextCursor: nullByDefault(struct({ topicName: string, partitionIndex: int32 })),
  },
})
