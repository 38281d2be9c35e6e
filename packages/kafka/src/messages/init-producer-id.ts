import { api, int16, int32, int64, nullable, since, string, withDefault } from '../codec/schema.ts'

/**
 * InitProducerId: a producer id and epoch for an idempotent or transactional producer. Flexible from v2. v3 lets a producer
 * raise its own epoch (KIP-360); v6 (two-phase commit, KIP-939) is not stable in Kafka yet.
 */
export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexible: 2,
  about: 'A producer id and epoch for an idempotent producer.',
  request: {
    transactionalId: nullable(string),
    transactionTimeoutMs: int32,
    producerId: since(3, withDefault(-1, int64)),
    producerEpoch: since(3, withDefault(-1, int16)),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: withDefault(-1, int64),
    producerEpoch: int16,
  },
})
