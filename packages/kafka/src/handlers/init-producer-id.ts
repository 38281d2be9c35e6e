import type { Log } from '@chronicle/log'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { initProducerId } from '../messages/index.ts'
import { refusedByLog } from './log-error.ts'

const none = -1

const failed = (errorCode: number) => ({ throttleTimeMs: 0, errorCode, producerId: none, producerEpoch: none })

/**
 * A producer id for an idempotent producer. One that names the id and epoch that it has (KIP-360) gets a new id, as from Kafka:
 * without a transactional id nobody can tell whether the old one is its own.
 */
export function initProducerIdHandler(log: Log): Handler<typeof initProducerId> {
  return handler(initProducerId, async ({ transactionalId, producerId, producerEpoch }) => {
    // Clients give up at once on this error: there is no coordinator of transactions to wait for.
    if (transactionalId !== null) return failed(ErrorCode.UNSUPPORTED_VERSION)
    if ((producerId === none) !== (producerEpoch === none)) {
      return failed(ErrorCode.INVALID_REQUEST)
    }
    try {
      const producerId = await log.allocateProducerId()
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 }
    } catch (error) {
      return failed(refusedByLog(error).errorCode)
    }
  })
}
