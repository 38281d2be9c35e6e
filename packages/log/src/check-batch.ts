/** What is asked of a batch before it is taken. All of it is checked before anything is written (L1). */

import type { ErrorDetails } from '@chronicle/base'
import { crc32c } from '@chronicle/base'
import {
  batchAttributes,
  batchBaseSequence,
  batchBaseTimestamp,
  batchBytes,
  batchCrc,
  batchCrcStart,
  batchHeaderBytes,
  batchLastOffsetDelta,
  batchMagic,
  batchMagicOf,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  compressionMask,
  controlFlag,
  timestampTypeFlag,
  transactionalFlag,
} from './batch.ts'
import { codecs } from './compression.ts'
import { logErrors } from './errors.ts'
import { RecordReader } from './records.ts'
import type { TopicSettings } from './topic-configs.ts'
import { Cursor } from './varint.ts'

/** A timestamp that says that there is none. */
export const noTimestamp = -1

/**
 * Checks one whole batch as a client sent it. Returns its largest timestamp: as the header says or, where the records lie open
 * and say more, as they say. Throws 'log.corrupt-batch', 'log.unsupported-magic', 'log.batch-too-large', 'log.invalid-record'
 * or 'log.invalid-timestamp'.
 */
export function checkBatch(batch: Buffer, settings: TopicSettings, now: number, decompressedBytesMax: number): number {
  checkEnvelope(batch, settings.maxMessageBytes)
  const attributes = batchAttributes(batch, 0)
  checkHeader(batch, attributes)
  let maxTimestamp = batchMaxTimestamp(batch, 0)
  if ((attributes & compressionMask) === 0) {
    maxTimestamp = Math.max(maxTimestamp, walkRecords(batch, settings.compacted))
  } else if (settings.compacted) {
    walkCompressed(batch, decompressedBytesMax)
  }
  checkTimestamp('maxTimestamp', maxTimestamp, settings, now)
  checkTimestamp('baseTimestamp', batchBaseTimestamp(batch, 0), settings, now)
  return maxTimestamp
}

function checkEnvelope(batch: Buffer, bytesMax: number): void {
  if (batch.length < batchHeaderBytes) {
    // The format is told by a byte that every version has at the same place.
    if (batch.length > 16 && batchMagicOf(batch, 0) !== batchMagic) throw unsupportedMagic(batch)
    throw logErrors.create('log.corrupt-batch', {
      field: 'length',
      value: batch.length,
      accepted: `at least ${batchHeaderBytes} bytes`,
    })
  }
  if (batchMagicOf(batch, 0) !== batchMagic) throw unsupportedMagic(batch)
  if (batchBytes(batch, 0) !== batch.length) {
    throw logErrors.create('log.corrupt-batch', {
      field: 'batchLength',
      value: batchBytes(batch, 0) - 12,
      accepted: batch.length - 12,
    })
  }
  if (batch.length > bytesMax) {
    throw logErrors.create('log.batch-too-large', {
      bytes: batch.length,
      limit: 'max.message.bytes',
      accepted: bytesMax,
    })
  }
  if (crc32c(batch.subarray(batchCrcStart)) !== batchCrc(batch, 0)) {
    throw logErrors.create('log.corrupt-batch', { field: 'crc', value: batchCrc(batch, 0), bytes: batch.length })
  }
}

function unsupportedMagic(batch: Buffer): Error {
  return logErrors.create('log.unsupported-magic', {
    field: 'magic',
    value: batchMagicOf(batch, 0),
    accepted: batchMagic,
  })
}

function checkHeader(batch: Buffer, attributes: number): void {
  const count = batchRecordCount(batch, 0)
  if (count < 1) throw invalid('recordCount', count, 'at least 1')
  if (batchLastOffsetDelta(batch, 0) !== count - 1)
    throw invalid('lastOffsetDelta', batchLastOffsetDelta(batch, 0), `${count - 1}`)
  if (codecs[attributes & compressionMask] === undefined) throw invalid('attributes', attributes, 'compression 0 to 4')
  if ((attributes & controlFlag) !== 0) throw invalid('attributes', attributes, 'no control batch from a client')
  if ((attributes & timestampTypeFlag) !== 0) {
    throw logErrors.create('log.invalid-timestamp', {
      field: 'attributes',
      value: attributes,
      accepted: 'timestamp type CreateTime',
    })
  }
  const producerId = batchProducerId(batch, 0)
  if (producerId >= 0) {
    if (batchProducerEpoch(batch, 0) < 0) throw invalid('producerEpoch', batchProducerEpoch(batch, 0), 'at least 0')
    if (batchBaseSequence(batch, 0) < 0) throw invalid('baseSequence', batchBaseSequence(batch, 0), 'at least 0')
  } else if (producerId !== -1) {
    throw invalid('producerId', producerId, '−1 or more')
  } else if ((attributes & transactionalFlag) !== 0) {
    throw invalid('attributes', attributes, 'a producer id in a transactional batch')
  }
}

/** Goes from record to record without decoding them; returns the largest timestamp. */
function walkRecords(batch: Buffer, keysNeeded: boolean): number {
  const cursor = new Cursor(batch, batchHeaderBytes, batch.length)
  const count = batchRecordCount(batch, 0)
  let maxDelta = Number.NEGATIVE_INFINITY
  for (let n = 0; n < count; n++) {
    const length = cursor.varint()
    const end = cursor.at + length
    if (cursor.at < 0 || length < 1 || end > batch.length)
      throw invalid('record length', length, 'records that fill the batch', n)
    cursor.at++
    const timestampDelta = cursor.varlong()
    if (timestampDelta > maxDelta) maxDelta = timestampDelta
    if (cursor.varint() !== n) throw invalid('offsetDelta', n, 'offset deltas that count from 0', n)
    if (keysNeeded && cursor.varint() < 0) throw keyless(n)
    if (cursor.at < 0 || cursor.at > end) throw invalid('record length', length, 'records that fill the batch', n)
    cursor.at = end
  }
  if (cursor.at !== batch.length) throw invalid('recordCount', count, 'as many records as there are')
  return batchBaseTimestamp(batch, 0) + maxDelta
}

function walkCompressed(batch: Buffer, decompressedBytesMax: number): void {
  const reader = new RecordReader(batch, 0, decompressedBytesMax)
  for (let n = 0; reader.next(); n++) if (!reader.hasKey) throw keyless(n)
}

function checkTimestamp(field: string, timestamp: number, settings: TopicSettings, now: number): void {
  if (timestamp === noTimestamp) return
  if (timestamp < 0 || timestamp > Number.MAX_SAFE_INTEGER) {
    throw logErrors.create('log.invalid-timestamp', {
      field,
      value: timestamp,
      accepted: '−1 or milliseconds since 1970',
    })
  }
  if (timestamp - now > settings.timestampAfterMaxMs) {
    throw logErrors.create('log.invalid-timestamp', {
      field,
      value: timestamp,
      accepted: `at most ${settings.timestampAfterMaxMs} ms after ${now}`,
    })
  }
  if (now - timestamp > settings.timestampBeforeMaxMs) {
    throw logErrors.create('log.invalid-timestamp', {
      field,
      value: timestamp,
      accepted: `at most ${settings.timestampBeforeMaxMs} ms before ${now}`,
    })
  }
}

function keyless(record: number): Error {
  return invalid('key', -1, 'a key in every record of a compacted topic', record)
}

function invalid(field: string, value: number, accepted: string, record?: number): Error {
  const details: ErrorDetails = record === undefined ? { field, value, accepted } : { field, value, accepted, record }
  return logErrors.create('log.invalid-record', details)
}
