import {
  api,
  array,
  between,
  bool,
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
 * OffsetFetch: how far groups have read. Flexible from v6. Up to v7 one group at the top level, from v8 a list of groups
 * (KIP-709), from v9 with member epochs (KIP-848), from v10 with topic ids (KIP-516). Null topics (from v2) ask for all.
 */
export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [0, 10],
  flexible: 6,
  about: 'How far groups have read.',
  request: {
    groupId: until(7, string),
    topics: until(7, nullable(array({ name: string, partitionIndexes: array(int32) }), 2)),
    groups: since(
      8,
      array({
        groupId: string,
        memberId: since(9, nullByDefault(string)),
        memberEpoch: since(9, withDefault(-1, int32)),
        topics: nullable(array({ name: until(9, string), topicId: since(10, uuid), partitionIndexes: array(int32) })),
      }),
    ),
    requireStable: since(7, bool),
  },
  response: {
    throttleTimeMs: since(3, int32),
    topics: until(
      7,
      array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: since(5, withDefault(-1, int32)),
          metadata: nullable(string),
          errorCode: int16,
        }),
      }),
    ),
    errorCode: between(2, 7, int16),
    groups: since(
      8,
      array({
        groupId: string,
        topics: array({
          name: until(9, string),
          topicId: since(10, uuid),
          partitions: array({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: withDefault(-1, int32),
            metadata: nullable(string),
            errorCode: int16,
          }),
        }),
        errorCode: withDefault(0, int16),
      }),
    ),
  },
})
