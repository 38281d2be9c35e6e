export type {
  AggregateRecord,
  AggregateSpan,
  DamagedBlock,
  EventFilter,
  EventRecord,
  ReadRange,
  ScreenshotRecord,
  WindowFilter,
  WindowRecord,
  WindowState,
  WindowTotals,
} from './contract.ts'
export { windowStateNames } from './contract.ts'
export { sessionsFoundMax } from './limits.ts'
export { type CaptureReader, type CaptureReaderOptions, openCaptureReader } from './reader.ts'
export type { WindowOrder } from './windows.ts'
