export type { ReplayVisitor, Slice, Wal, WalEvents } from './contract.ts'
export type { Disk, DiskFile } from './disk.ts'
export {
  entryBytes,
  entryHeaderBytes,
  entryKind,
  entryKindMin,
  entryLsn,
  entryNext,
  entryPayloadLength,
  entryPayloadStart,
  entryStream,
  lostEntry,
} from './entry.ts'
export { walErrors } from './errors.ts'
export { inspectWal, repairWal, type WalFileReport, type WalLoss, type WalReport } from './fsck.ts'
export type { WalProblem } from './fsck-files.ts'
export { type WalLimits, type WalProfile, walProfileFor, walProfiles } from './limits.ts'
export { nodeDisk } from './node-disk.ts'
export { openDiskWal } from './open.ts'
export type { DiskWalOptions } from './options.ts'
