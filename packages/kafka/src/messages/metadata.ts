import {
  api,
  array,
  between,
  bool,
  int16,
  int32,
  nullable,
  nullByDefault,
  since,
  string,
  uuid,
  withDefault,
} from '../codec/schema.ts'

/** Authorized operations were not asked for. */
const notAsked = -2147483648

/**
 * Metadata: brokers, and topics with their partitions' leaders. Flexible from v9. All topics are asked for with an empty list
 * in v0 and with null since; v4 adds automatic creation, v10 topic ids (KIP-516), v12 topics by id alone, v13 an error of the
 * whole answer (KIP-1102).
 */
export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexible: 9,
  about: 'Brokers, topics, and the leaders of partitions.',
  request: {
    topics: nullable(array({ topicId: since(10, uuid), name: nullable(string, 10) }), 1),
    allowAutoTopicCreation: since(4, withDefault(true, bool)),
    includeClusterAuthorizedOperations: between(8, 10, bool),
    includeTopicAuthorizedOperations: since(8, bool),
  },
  response: {
    throttleTimeMs: since(3, int32),
    brokers: array({ nodeId: int32, host: string, port: int32, rack: since(1, nullByDefault(string)) }),
    clusterId: since(2, nullByDefault(string)),
    controllerId: since(1, withDefault(-1, int32)),
    topics: array({
      errorCode: int16,
      name: nullable(string, 12),
      topicId: since(10, uuid),
      isInternal: since(1, bool),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: since(7, withDefault(-1, int32)),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: since(5, array(int32)),
      }),
      topicAuthorizedOperations: since(8, withDefault(notAsked, int32)),
    }),
    clusterAuthorizedOperations: between(8, 10, withDefault(notAsked, int32)),
    errorCode: since(13, int16),
  },
})
