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
// To come here:
//   defaultSessionSettings: SessionSettings
//   openSessions(options: { store: ObjectStore (everything under `sessions/`), vault: Vault, audit: AuditLog, clock, random, logger, registry, health,
//       settings: SessionSettings, origin: string (checkpoint origin is `<origin>/sessions/<id>`), anchors?: readonly Anchor[], onRoot?: RootListener }): Promise<Sessions>
//   verifySessionFiles(…) for `chronicle verify`: tree, checkpoint and chunks of a stored session recomputed from scratch
