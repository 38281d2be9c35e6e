/** Arrow IPC streams, opened with care: what the library returns is checked before anything is read from it. */

import { messageOf } from '@chronicle/base'
import { type Data, type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow'
import type { Refusal, RefusalReason } from './contract.ts'

/** What ends a stream: the marker of a message, and no bytes behind it. */
const endOfStream = Buffer.from('ffffffff00000000', 'hex')
const batchesMax = 65_536

export type ArrowStream = { readonly schema: Schema; readonly batches: readonly RecordBatch[] }

/** A whole record that is refused. */
export class RecordRefused extends Error {
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.reason = reason
  }
}

/** The schema and batches of a stream; the arrays of the batches are views of `payload`. Throws `RecordRefused`. */
export function openArrow(payload: Uint8Array): ArrowStream {
  if (!endOfStream.equals(payload.subarray(-endOfStream.length))) {
    throw new RecordRefused(
      'torn-record',
      'an Arrow IPC stream ends with its end-of-stream marker, and this one does not',
    )
  }
  try {
    const reader = RecordBatchReader.from(payload).open()
    const schema = reader.schema
    const batches: RecordBatch[] = []
    for (const batch of reader) {
      if (batches.length === batchesMax)
        throw new RecordRefused('too-large', `at most ${batchesMax} batches in a stream`)
      batches.push(batch)
    }
    return { schema, batches }
  } catch (error) {
    if (error instanceof RecordRefused) throw error
    throw new RecordRefused('not-arrow', `an Arrow IPC stream is expected: ${messageOf(error)}`, error)
  }
}

/** The columns of a batch by name. */
export function columnsOf(batch: RecordBatch): Map<string, Data> {
  return new Map(batch.schema.fields.map((field, at) => [field.name, batch.data.children[at]!]))
}

/** `decode`, or the refusal of the whole record. */
export function orRefusal<T>(payload: Uint8Array, decode: () => T): T | Refusal {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error
    return { reason: error.reason, detail: error.message, content: Uint8Array.from(payload) }
  }
}
