import {
  api,
  array,
  int16,
  int32,
  int64,
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

/**
 * Produce: record batches to append. Flexible from v9. v3 brought the batch format (magic 2), v7 zstd (KIP-110), v8 errors of
 * single records (KIP-467), v10 the new leader (KIP-951), v13 topic ids (KIP-516).
 *
 * Versions 0–2 are declared because librdkafka takes a broker that does not advertise them for one that knows no compression
 * (KIP-896); their record format is older than the batches stored here, so the handler refuses them.
 */
export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [0, 13],
  flexible: 9,
  about: 'Append record batches. Versions 0–2 are refused: they carry record formats older than magic 2.',
  request: {
    transactionalId: since(3, nullByDefault(string)),
    /** 0 = no answer is sent, 1 and −1 = after the batch is durable. */
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: until(12, string),
      topicId: since(13, uuid),
      partitionData: array({ index: int32, records }),
    }),
  },
  response: {
    responses: array({
      name: until(12, string),
      topicId: since(13, uuid),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        /** −1 unless the topic's timestamps are the broker's. */
        logAppendTimeMs: since(2, withDefault(-1, int64)),
        logStartOffset: since(5, withDefault(-1, int64)),
        recordErrors: since(8, array({ batchIndex: int32, batchIndexErrorMessage: nullByDefault(string) })),
        errorMessage: since(8, nullByDefault(string)),
        currentLeader: since(
          10,
          tagged(0, struct({ leaderId: withDefault(-1, int32), leaderEpoch: withDefault(-1, int32) })),
        ),
      }),
    }),
    throttleTimeMs: since(1, int32),
    nodeEndpoints: since(
      10,
      tagged(0, array({ nodeId: int32, host: string, port: int32, rack: nullByDefault(string) })),
    ),
  },
})
