export type {
  DecodedEvents,
  DecodedFrames,
  EventColumns,
  Frame,
  FrameFormat,
  Refusal,
  RefusalReason,
  TextColumn,
} from './contract.ts'
export { frameFormats, refusalReasons } from './contract.ts'
export { decodeEvents } from './decode-events.ts'
export { decodeFrames } from './decode-frames.ts'
export { type EncodedFrameRecord, encodeFrameRecord } from './encode-frame.ts'
export { jsonDepthMax } from './json.ts'
