export {
  batchAttributes,
  batchBaseOffset,
  batchBaseSequence,
  batchBaseTimestamp,
  batchBytes,
  batchCompression,
  batchCrc,
  batchEndOffset,
  batchHeaderBytes,
  batchIsControl,
  batchIsTransactional,
  batchLastOffsetDelta,
  batchLeaderEpoch,
  batchMagicOf,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
} from './batch.ts'
export type {
  Appended,
  CommittedOffset,
  Isolation,
  Log,
  OffsetCommit,
  Partition,
  Records,
  StoredGroup,
  TimestampedOffset,
  Topic,
} from './contract.ts'
export { decodeMarker, type Marker } from './control-batch.ts'
export { encodeRecord, encodeRecords, type PlainRecord, recordOverheadBytesMax } from './encode-batch.ts'
export { logErrors } from './errors.ts'
export { openLog } from './open.ts'
export type { LogOptions, OpenWal } from './options.ts'
export { type RecordHeader, RecordReader } from './records.ts'
export { defaultLogSettings, type LogSettings } from './settings.ts'
export { newestSnapshotLsn } from './snapshot/snapshots.ts'
export { resolveConfig, type TopicConfig, type TopicSettings, topicConfigs } from './topic-configs.ts'
