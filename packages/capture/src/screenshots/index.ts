export { decodeAbout } from './about.ts'
export {
  type DeletionReason,
  type HandedOn,
  mebibyte,
  type ScreenshotLimits,
  type ScreenshotTimes,
  type ShotAbout,
  type ShotPlace,
  type ShotRecord,
  type ShotState,
  screenshotLimits,
} from './contract.ts'
export { nodeShotDisk, type ShotDisk, type ShotFile } from './disk.ts'
export { shotColumns, shotRecordOf } from './journal.ts'
export { type ScreenshotOptions, Screenshots } from './screenshots.ts'
