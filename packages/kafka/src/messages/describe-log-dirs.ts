import { api, array, bool, int16, int32, int64, nullable, since, string, withDefault } from '../codec/schema.ts'

/** DescribeLogDirs: how much each partition occupies (KIP-113). Flexible from v2. v4 adds the volume's size (KIP-827). */
export const describeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [0, 4],
  flexible: 2,
  about: 'The partitions of each log directory. What one takes of the shared log is not known and reads −1.',
  request: { topics: nullable(array({ topic: string, partitions: array(int32) })) },
  response: {
    throttleTimeMs: int32,
    errorCode: since(3, int16),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({ partitionIndex: int32, partitionSize: int64, offsetLag: int64, isFutureKey: bool }),
      }),
      totalBytes: since(4, withDefault(-1, int64)),
      usableBytes: since(4, withDefault(-1, int64)),
    }),
  },
})
