export {
  type BatchTaker,
  type Bus,
  type EventSink,
  InProcessBus,
  openTopicBus,
  type Subscription,
  type TopicBusLimits,
  type TopicBusOptions,
  type TopicNames,
  topicBusLimits,
  topicNames,
} from './bus/index.ts'
export type {
  BatchEvent,
  EventBatch,
  Json,
  JsonObject,
  RawEvent,
  ScreenshotReference,
  WindowAggregates,
} from './contract.ts'
export {
  type CaptureStatus,
  type OpenCapture,
  type OpenCaptureOptions,
  openCapture,
  type WaitingWindows,
} from './door/index.ts'
export { captureErrors, DatabaseError, ResourceLimitError, ScreenshotError } from './errors.ts'
export { imageAsPng } from './image/image-as-png.ts'
export {
  type AggregateRecord,
  type AggregateSpan,
  type CaptureReader,
  type CaptureReaderOptions,
  type DamagedBlock,
  type EventFilter,
  type EventRecord,
  openCaptureReader,
  type ReadRange,
  type ScreenshotRecord,
  sessionsFoundMax,
  type WindowFilter,
  type WindowOrder,
  type WindowRecord,
  type WindowState,
  type WindowTotals,
  windowStateNames,
} from './reading/index.ts'
export type { DeletionReason, HandedOn, ShotAbout, ShotPlace, ShotRecord, ShotState } from './screenshots/index.ts'
export { type CaptureSettings, captureSettings, defaultConfig, defaultDatabasePath } from './settings.ts'
export type { StorageConfig, StorageParts } from './storage-config.ts'
export type { StorageMetrics } from './storage-metrics.ts'
export { StorageModule } from './storage-module.ts'
