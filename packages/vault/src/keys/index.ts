export { type FileAuditLog, type FileAuditLogOptions, fileAuditLog } from './audit-log.ts'
export { type AuditProblem, type AuditReport, verifyAuditLog } from './audit-verify.ts'
export type {
  AuditEvent,
  AuditLog,
  DataKey,
  KeyInfo,
  KeyRecord,
  KeyStorage,
  MasterSource,
  MasterSourceKind,
  Vault,
  VaultStatus,
} from './contract.ts'
export { keyFileSource } from './key-file-source.ts'
export { keychainServiceDefault, keychainSource, keychainUsable } from './keychain-source.ts'
export {
  type CreateVaultOptions,
  createVault,
  type OpenVaultOptions,
  openVault,
  readVaultStatus,
} from './open-vault.ts'
export { type PassphraseKdf, type PassphraseOptions, passphraseSource } from './passphrase-source.ts'
export { sessionIterationsMin, sessionKey } from './session-key.ts'
