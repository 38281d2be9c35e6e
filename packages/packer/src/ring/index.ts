export type {
  RingDamage,
  RingKind,
  RingReader,
  RingRecord,
  RingSlice,
  RingStatus,
  RingWriter,
} from './contract.ts'
export { ringKinds } from './contract.ts'
export { createRing, type RingCreation } from './create.ts'
export { openRingReader, type RingReaderOptions } from './reader.ts'
export { ringStatus } from './status.ts'
export { openRingWriter, type RingWriterOptions } from './writer.ts'
