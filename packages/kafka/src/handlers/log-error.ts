import { logErrors } from '@chronicle/log'
import { ErrorCode, type ErrorName } from '../error-codes.ts'

type LogErrorCode = keyof typeof logErrors.specs

/** What a client is told of each refusal of the log. Total: a new code of the log does not compile until it stands here. */
const names: { readonly [Code in LogErrorCode]: ErrorName } = {
  'log.offset-out-of-range': 'OFFSET_OUT_OF_RANGE',
  'log.corrupt-batch': 'CORRUPT_MESSAGE',
  'log.unsupported-magic': 'INVALID_RECORD',
  'log.batch-too-large': 'MESSAGE_TOO_LARGE',
  'log.invalid-record': 'INVALID_RECORD',
  'log.invalid-timestamp': 'INVALID_TIMESTAMP',
  'log.out-of-order-sequence': 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'log.duplicate-sequence': 'DUPLICATE_SEQUENCE_NUMBER',
  'log.invalid-producer-epoch': 'INVALID_PRODUCER_EPOCH',
  'log.invalid-txn-state': 'INVALID_TXN_STATE',
  'log.coordinator-fenced': 'TRANSACTION_COORDINATOR_FENCED',
  'log.topic-exists': 'TOPIC_ALREADY_EXISTS',
  'log.unknown-topic': 'UNKNOWN_TOPIC_OR_PARTITION',
  'log.invalid-topic': 'INVALID_TOPIC_EXCEPTION',
  'log.invalid-config': 'INVALID_CONFIG',
  'log.invalid-partitions': 'INVALID_PARTITIONS',
  'log.storage': 'KAFKA_STORAGE_ERROR',
  // Not KAFKA_STORAGE_ERROR: clients would ask again for ever, and what is damaged does not heal.
  'log.damaged': 'CORRUPT_MESSAGE',
  'log.metadata-damaged': 'KAFKA_STORAGE_ERROR',
  'log.snapshot-damaged': 'KAFKA_STORAGE_ERROR',
  // Clients try again, at this broker after its restart.
  'log.closed': 'KAFKA_STORAGE_ERROR',
  'log.limit': 'POLICY_VIOLATION',
  'log.invalid-setting': 'UNKNOWN_SERVER_ERROR',
}

/** An error as a response carries it. */
export type Refused = { readonly errorCode: number; readonly errorMessage: string }

export function refused(name: ErrorName, errorMessage: string): Refused {
  return { errorCode: ErrorCode[name], errorMessage }
}

/** The log's error as a response carries it. Throws on whatever the log did not raise itself: that is a defect. */
export function refusedByLog(error: unknown): Refused {
  if (!logErrors.is(error)) throw error
  return refused(names[error.code], `${error.message}. ${error.remedy}`)
}
