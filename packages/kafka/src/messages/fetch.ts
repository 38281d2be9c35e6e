import {
  api,
  array,
  int8,
  int16,
  int32,
  int64,
  nullable,
  nullByDefault,
  records,
  since,
  string,
  struct,
  tagged,
  until,
  uuid,
  withDefault,
} from '../codec/schema.ts'

/** What a double makes of the largest int64: "no high watermark is known". */
const largestInt64 = 2 ** 63

/**
 * Fetch: record batches from an offset on. Flexible from v12. v4 brought the batch format (magic 2) and isolation, v7 sessions
 * (KIP-227), v9 leader epochs (KIP-320), v11 racks (KIP-392), v12 divergence (KIP-595), v13 topic ids (KIP-516), v15 the replica's
 * state (KIP-903), v16 the new leader's address (KIP-951), v17 directories (KIP-853), v18 high watermarks (KIP-1166).
 */
export const fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  flexible: 12,
  about: 'Read record batches, waiting for new ones; incremental within a session.',
  request: {
    clusterId: since(12, tagged(0, nullByDefault(string))),
    replicaId: until(14, withDefault(-1, int32)),
    replicaState: since(
      15,
      tagged(1, struct({ replicaId: withDefault(-1, int32), replicaEpoch: withDefault(-1, int64) })),
    ),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: withDefault(0x7fffffff, int32),
    /** 0 = read_uncommitted, 1 = read_committed. */
    isolationLevel: withDefault(0, int8),
    sessionId: since(7, int32),
    sessionEpoch: since(7, withDefault(-1, int32)),
    topics: array({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: since(9, withDefault(-1, int32)),
        fetchOffset: int64,
        lastFetchedEpoch: since(12, withDefault(-1, int32)),
        logStartOffset: since(5, withDefault(-1, int64)),
        partitionMaxBytes: int32,
        replicaDirectoryId: since(17, tagged(0, uuid)),
        highWatermark: since(18, tagged(1, withDefault(largestInt64, int64))),
      }),
    }),
    forgottenTopicsData: since(
      7,
      array({ topic: until(12, string), topicId: since(13, uuid), partitions: array(int32) }),
    ),
    rackId: since(11, string),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: since(7, int16),
    sessionId: since(7, int32),
    responses: array({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: withDefault(-1, int64),
        logStartOffset: since(5, withDefault(-1, int64)),
        divergingEpoch: since(
          12,
          tagged(0, struct({ epoch: withDefault(-1, int32), endOffset: withDefault(-1, int64) })),
        ),
        currentLeader: since(
          12,
          tagged(1, struct({ leaderId: withDefault(-1, int32), leaderEpoch: withDefault(-1, int32) })),
        ),
        snapshotId: since(12, tagged(2, struct({ endOffset: withDefault(-1, int64), epoch: withDefault(-1, int32) }))),
        abortedTransactions: nullable(array({ producerId: int64, firstOffset: int64 })),
        preferredReadReplica: since(11, withDefault(-1, int32)),
        records,
      }),
    }),
    nodeEndpoints: since(
      16,
      tagged(0, array({ nodeId: int32, host: string, port: int32, rack: nullByDefault(string) })),
    ),
  },
})
