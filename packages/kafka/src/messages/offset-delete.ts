import { api, array, int16, int32, neverFlexible, string } from '../codec/schema.ts'

/** OffsetDelete: forget a group's offsets of topics that it no longer reads (KIP-496). Never flexible. */
export const offsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexible: neverFlexible,
  about: "Forget a group's offsets of some partitions.",
  request: {
    groupId: string,
    topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }),
  },
  response: {
    errorCode: int16,
    throttleTimeMs: int32,
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
})
