import {
  api,
  array,
  bool,
  int8,
  int16,
  int32,
  nullable,
  since,
  string,
  tagged,
  uuid,
  withDefault,
} from '../codec/schema.ts'

/**
 * CreateTopics. Flexible from v5. −1 partitions or replicas from v4 on means the broker's default (KIP-464); v5 returns the
 * configs (KIP-525), v7 the topic id (KIP-516).
 */
export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [0, 7],
  flexible: 5,
  about: 'Create topics, or only check that they could be created.',
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: array({ name: string, value: nullable(string) }),
    }),
    timeoutMs: withDefault(60_000, int32),
    validateOnly: since(1, bool),
  },
  response: {
    throttleTimeMs: since(2, int32),
    topics: array({
      name: string,
      topicId: since(7, uuid),
      errorCode: int16,
      errorMessage: since(1, nullable(string)),
      topicConfigErrorCode: since(5, tagged(0, int16)),
      numPartitions: since(5, withDefault(-1, int32)),
      replicationFactor: since(5, withDefault(-1, int16)),
      configs: since(
        5,
        nullable(
          array({
            name: string,
            value: nullable(string),
            readOnly: bool,
            configSource: withDefault(-1, int8),
            isSensitive: bool,
          }),
        ),
      ),
    }),
  },
})
