export type { ReplayVisitor, Slice, Wal, WalEvents } from './contract.ts'
export type { Disk, DiskFile } from './disk.ts'
