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
export {
  type CreateVaultOptions,
  createVault,
  type OpenVaultOptions,
  openVault,
  readVaultStatus,
} from './open-vault.ts'
export { sessionKey } from './session-key.ts'
// To come here (keys):
//   passphraseSource(options: { passphrase: () => Promise<string>, kdf?: { algorithm: 'argon2id' | 'pbkdf2-sha256', iterations: number } }): MasterSource
//   keychainSource(options: { service: string }): MasterSource;  keychainUsable(service): Promise<boolean>
//   fileAuditLog(path: string, options): AuditLog    JSON lines, 0600, fsynced, group committed, bounded
