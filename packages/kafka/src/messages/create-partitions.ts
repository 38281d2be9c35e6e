import { api, array, bool, int16, int32, nullable, nullByDefault, string } from '../codec/schema.ts'

/** CreatePartitions: raise a topic's number of partitions to `count` (KIP-195). Flexible from v2. */
export const createPartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexible: 2,
  about: "Raise a topic's number of partitions.",
  request: {
    topics: array({ name: string, count: int32, assignments: nullable(array({ brokerIds: array(int32) })) }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    results: array({ name: string, errorCode: int16, errorMessage: nullByDefault(string) }),
  },
})
