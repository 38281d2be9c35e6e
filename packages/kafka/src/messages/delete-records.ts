import { api, array, int16, int32, int64, string } from '../codec/schema.ts'

/** DeleteRecords: move the log start offset up (KIP-107); −1 means to the high watermark. Flexible from v2. */
export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexible: 2,
  about: 'Delete the records below an offset.',
  request: {
    topics: array({ name: string, partitions: array({ partitionIndex: int32, offset: int64 }) }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 }),
    }),
  },
})
