export type {
  ChunkMetadata,
  ChunkRead,
  ChunkReceipt,
  IncomingChunk,
  RootListener,
  SessionMetrics,
  SessionRoot,
  SessionSettings,
  SessionState,
  Sessions,
  SessionView,
} from './contract.ts'
export { sessionErrors } from './errors.ts'
export { defaultSessionSettings } from './limits.ts'
export { type OpenSessionsOptions, openSessions } from './open.ts'
export { type VerifySessionOptions, verifySessionFiles } from './verify.ts'
export type { SessionCheck, SessionVerification } from './verify-report.ts'
