/** Events as columns of a Parquet file. */

import type { ArchiveSettings } from '../archive/archive-settings.ts'
import type { EventColumns, TextColumn } from '../intake/contract.ts'
import type { ColumnSpec, ColumnValues } from '../parquet/contract.ts'

/** One setting serves codecs whose levels go up to 9 and up to 22. */
const gzipLevelMax = 9

const columns = [
  { name: 'timestamp_ns', type: 'int64', nullable: false, meaning: 'timestamp_ns' },
  { name: 'event_type', type: 'string', nullable: false },
  { name: 'app_bundle_id', type: 'string', nullable: true },
  { name: 'window_title', type: 'string', nullable: true },
  { name: 'data', type: 'string', nullable: false, meaning: 'json' },
  { name: 'session_id', type: 'string', nullable: false },
  { name: 'event_id', type: 'string', nullable: false },
] as const satisfies Partial<ColumnSpec>[]

export function eventColumnSpecs(settings: ArchiveSettings): ColumnSpec[] {
  const { parquetCodec: codec, compressionLevel, dictionaryEncoding, statistics } = settings
  const { bloomFilterEnabled, bloomFilterColumns, bloomFilterFpp } = settings
  return columns.map(column => ({
    ...column,
    codec,
    codecLevel: Math.min(compressionLevel, codec === 'GZIP' ? gzipLevelMax : compressionLevel),
    dictionary: dictionaryEncoding,
    statistics,
    bloomFpp: bloomFilterEnabled && bloomFilterColumns.includes(column.name) ? bloomFilterFpp : undefined,
  }))
}

export function columnValues(events: EventColumns): ColumnValues[] {
  const text = ({ offsets, bytes, validity }: TextColumn) => ({ values: { offsets, bytes }, validity })
  return [
    { values: events.timestampNs },
    text(events.eventType),
    text(events.appBundleId),
    text(events.windowTitle),
    text(events.data),
    text(events.sessionId),
    text(events.eventId),
  ]
}
