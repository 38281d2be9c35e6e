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
// To come here (keys):
//   openVault(options: { storage: KeyStorage, sources: readonly MasterSource[], audit: AuditLog, clock: Clock, random: Random, maxAgeMs?, usesMax? }): Promise<Vault>
//     opens with the source of the kind that the store names; 'vault.not-initialised' when there is no store
//   createVault(options: { storage, source: MasterSource, audit, clock, random }): Promise<Vault>   'vault.exists'
//   readVaultStatus(storage): Promise<VaultStatus | undefined>     needs no key
//   passphraseSource(options: { passphrase: () => Promise<string>, kdf?: { algorithm: 'argon2id' | 'pbkdf2-sha256', iterations: number } }): MasterSource
//   keychainSource(options: { service: string }): MasterSource;  keychainUsable(service): Promise<boolean>
//   keyFileSource(options: { path: string }): MasterSource
//   sessionKey(key: DataKey, sessionId: string, epoch: number, iterations: number): Promise<SealKey>   PBKDF2-HMAC-SHA256
//   fileAuditLog(path: string, options): AuditLog    JSON lines, 0600, fsynced, group committed, bounded
