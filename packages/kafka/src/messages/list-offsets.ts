import { api, array, int8, int16, int32, int64, since, string, withDefault } from '../codec/schema.ts'

/**
 * ListOffsets: the offset at a timestamp, or at an end of a partition: −1 latest, −2 earliest, −3 of the largest timestamp (v7,
 * KIP-734), −4 earliest local (v8, KIP-405), −5 latest tiered (v9, KIP-1005). Flexible from v6. v10 adds a time-out (KIP-1075).
 */
export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 10],
  flexible: 6,
  about: 'Offsets by timestamp, or of the ends of partitions.',
  request: {
    replicaId: int32,
    isolationLevel: since(2, int8),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        currentLeaderEpoch: since(4, withDefault(-1, int32)),
        timestamp: int64,
      }),
    }),
    timeoutMs: since(10, int32),
  },
  response: {
    throttleTimeMs: since(2, int32),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        timestamp: withDefault(-1, int64),
        offset: withDefault(-1, int64),
        leaderEpoch: since(4, withDefault(-1, int32)),
      }),
    }),
  },
})
