import {
  api,
  array,
  between,
  int16,
  int32,
  int64,
  nullable,
  nullByDefault,
  since,
  string,
  until,
  uuid,
  withDefault,
} from '../codec/schema.ts'

/**
 * OffsetCommit: where a group has got to. Flexible from v8. Without a generation (v0, or −1) the group must have no members.
 * v6 adds leader epochs (KIP-320), v7 static members (KIP-345), v9 member epochs (KIP-848), v10 topic ids (KIP-516).
 */
export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [0, 10],
  flexible: 8,
  about: 'Record how far a group has read.',
  request: {
    groupId: string,
    generationIdOrMemberEpoch: since(1, withDefault(-1, int32)),
    memberId: since(1, string),
    groupInstanceId: since(7, nullByDefault(string)),
    retentionTimeMs: between(2, 4, withDefault(-1, int64)),
    topics: array({
      name: until(9, string),
      topicId: since(10, uuid),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(6, withDefault(-1, int32)),
        commitTimestamp: between(1, 1, withDefault(-1, int64)),
        committedMetadata: nullable(string),
      }),
    }),
  },
  response: {
    throttleTimeMs: since(3, int32),
    topics: array({
      name: until(9, string),
      topicId: since(10, uuid),
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
})
