import { api, array, int16, int32, int64, since, string, withDefault } from '../codec/schema.ts'

/** OffsetForLeaderEpoch: where a leader's epoch ended, so that a reader notices truncation (KIP-101, KIP-320). Flexible from v4. */
export const offsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [0, 4],
  flexible: 4,
  about: 'The end offset of a leader epoch.',
  request: {
    /** −2 = a debugging consumer, −1 = a consumer. */
    replicaId: since(3, withDefault(-2, int32)),
    topics: array({
      topic: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: since(2, withDefault(-1, int32)),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: since(2, int32),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: since(1, withDefault(-1, int32)),
        endOffset: withDefault(-1, int64),
      }),
    }),
  },
})
