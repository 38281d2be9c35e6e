import type { KeyObject } from 'node:crypto'

/**
 * Where a vault keeps its key store: a handful of small named records, each written whole. The object store is one. Nothing in a record
 * is of use to anybody without the master key.
 */
export type KeyStorage = {
  /** For messages. */
  readonly location: string
  read(name: string): Promise<KeyRecord | undefined>
  /**
   * Writes a record, durable when it resolves. `expected` is the version that is replaced, or undefined where there must be none.
   * Rejects with 'vault.store-changed' when that is not so any more.
   */
  write(name: string, bytes: Uint8Array, expected: string | undefined): Promise<string>
  /** Removes a record so that it cannot be read again. Removing what is not there succeeds. */
  remove(name: string): Promise<void>
  /** Names that begin with `prefix`, in order. */
  list(prefix: string): AsyncIterable<string>
}

export type KeyRecord = { readonly bytes: Uint8Array; readonly version: string }

/**
 * A data key: 256 random bits for one purpose, wrapped by the vault's root key. `secret` is a KeyObject: it can be handed to a worker thread, and
 * nothing that prints it shows its bytes.
 */
export type DataKey = KeyInfo & { readonly secret: KeyObject }

export type KeyInfo = {
  /** A UUID. Every ciphertext names it. */
  readonly id: string
  /** What it is for, and for nothing else: `session/…`, `archive/2026-11-21`, `topic/orders`, `file`, `signing`. */
  readonly purpose: string
  readonly createdMs: number
  /** 'current' seals what is new; 'retired' only opens; 'destroyed' does neither, for good. */
  readonly state: 'current' | 'retired' | 'destroyed'
}

/** The keys of one installation. */
export type Vault = {
  /** A UUID, made with the vault, kept for ever. */
  readonly id: string
  readonly status: VaultStatus

  /** The key that seals what is new for `purpose`: the newest one, or a fresh one when there is none or it is past its age or used up (VK7). */
  keyFor(purpose: string): Promise<DataKey>
  /** The key that a ciphertext names. Rejects with 'vault.key-not-found', 'vault.key-destroyed', 'vault.wrong-master', 'vault.damaged'. */
  key(id: string): Promise<DataKey>
  keys(prefix?: string): AsyncIterable<KeyInfo>

  /** Makes a fresh current key for `purpose`; older ones stay readable. */
  rotate(purpose: string): Promise<KeyInfo>
  /** Destroys a key and its copies: what is sealed under it is gone for good. Idempotent. `reason` goes to the audit log. */
  destroy(id: string, reason: string): Promise<void>
  /**
   * Makes a fresh root key, wrapped by `source` when given (a new passphrase, another kind of source), and wraps every key record anew. No data is touched.
   * A crash half-way leaves everything readable with the old or the new source, whichever `status` names; running it again completes it.
   */
  rewrap(options: {
    source?: MasterSource
    onProgress?: (done: number, total: number) => void
  }): Promise<{ keys: number }>

  /** The Ed25519 key that signs this installation's checkpoints. Its private half never leaves the vault's package. */
  signingKey(): Promise<KeyObject>
  close(): void
}

export type VaultStatus = {
  readonly id: string
  readonly location: string
  readonly createdMs: number
  /** Where the master key comes from. */
  readonly source: MasterSourceKind
  /** In words, for people: `Argon2id, 64 MiB, 3 passes`, `/var/lib/chronicle/master.key`. */
  readonly sourceDetail: string
  readonly rootGeneration: number
  /** Base64 of the 32 bytes of the Ed25519 key (RFC 8032) that verifies what `signingKey` signs. */
  readonly signingPublicKey: string
}

export type MasterSourceKind = 'passphrase' | 'keychain' | 'file'

/**
 * A source of the master key. What a vault was made with stands in its clear part; opening it takes the same kind of source. `make` is called once,
 * for a new vault or a new master; `open` afterwards with what `make` returned as `parameters` (salt, cost, service, path: nothing secret).
 */
export type MasterSource = {
  readonly kind: MasterSourceKind
  make(): Promise<{ master: KeyObject; parameters: Readonly<Record<string, string | number>> }>
  open(parameters: Readonly<Record<string, string | number>>): Promise<KeyObject>
}

/** One line of the audit log: who used, made, rotated, destroyed which key, or was refused. Never a secret. */
export type AuditEvent = {
  readonly at: string
  readonly action: string
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly details: Readonly<Record<string, string | number | boolean>>
}

/** Takes audit events in order. `record` resolves when the event is durable. */
export type AuditLog = {
  record(event: Omit<AuditEvent, 'at'>): Promise<void>
}
