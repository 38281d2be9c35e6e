import { boolean, bytes, duration, integer, oneOf, path, secret, setting, string } from '@chronicle/config'
import { only, origin, topicOrNone, witnesses } from './settings-types.ts'

const kilobyte = 1024
const megabyte = 1024 * kilobyte
const gigabyte = 1024 * megabyte
const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

const sessions = 'Sessions'
const vault = 'Vault'

/** Settings of the chunk sealing. */
export const sessionSettings = {
  sessionsMaxWorkers: setting({
    key: 'sessions.max-workers',
    env: 'CHRONICLE_SESSIONS_MAX_WORKERS',
    type: integer({ min: 1, max: 50 }),
    default: 10,
    section: sessions,
    help: 'Threads that hash, compress and seal chunks at once. They start when chunks come.',
  }),
  sessionsQueueSize: setting({
    key: 'sessions.queue-size',
    env: 'CHRONICLE_SESSIONS_QUEUE_SIZE',
    type: integer({ min: 1, max: 100_000 }),
    default: 1000,
    section: sessions,
    help: 'Chunks that are being received or processed at once. One more is answered with 429 and nothing of it is kept.',
  }),
  sessionsWorkerTimeoutMs: setting({
    key: 'sessions.worker-timeout',
    env: 'CHRONICLE_SESSIONS_WORKER_TIMEOUT',
    type: duration({ min: second, max: 60 * minute, plain: 's' }),
    default: 30 * second,
    section: sessions,
    help: 'A chunk that has not arrived and been processed after this long is given up and answered with 408.',
  }),
  sessionsBatchSize: setting({
    key: 'sessions.batch-size',
    env: 'CHRONICLE_SESSIONS_BATCH_SIZE',
    type: integer({ min: 1, max: 10_000 }),
    default: 100,
    section: sessions,
    help: 'Most chunks in one request to process-batch.',
  }),
  sessionsAlgorithm: setting({
    key: 'sessions.algorithm',
    env: 'CHRONICLE_SESSIONS_ALGORITHM',
    type: oneOf('AES-256-GCM'),
    default: 'AES-256-GCM',
    section: sessions,
    help: 'Cipher that chunks are sealed with (C2SP chunked-encryption, Cobblestone-256).',
  }),
  sessionsKeyBits: setting({
    key: 'sessions.key-size',
    env: 'CHRONICLE_SESSIONS_KEY_SIZE',
    type: only(256),
    default: 256,
    section: sessions,
    help: 'Bits of its key.',
  }),
  sessionsNonceBits: setting({
    key: 'sessions.nonce-size',
    env: 'CHRONICLE_SESSIONS_NONCE_SIZE',
    type: only(96),
    default: 96,
    section: sessions,
    help: 'Bits of its nonce.',
  }),
  sessionsTagBits: setting({
    key: 'sessions.tag-size',
    env: 'CHRONICLE_SESSIONS_TAG_SIZE',
    type: only(128),
    default: 128,
    section: sessions,
    help: 'Bits of its authentication tag.',
  }),
  sessionsPbkdf2Iterations: setting({
    key: 'sessions.pbkdf2-iterations',
    env: 'CHRONICLE_SESSIONS_PBKDF2_ITERATIONS',
    type: integer({ min: 100_000, max: 10_000_000 }),
    default: 100_000,
    section: sessions,
    help: "Iterations of PBKDF2-HMAC-SHA256 that derive a session's key, once a session.",
  }),
  sessionsMaxChunkBytes: setting({
    key: 'sessions.max-chunk-size',
    env: 'CHRONICLE_SESSIONS_MAX_CHUNK_SIZE',
    type: bytes({ min: kilobyte, max: gigabyte }),
    default: 10 * megabyte,
    section: sessions,
    help: 'Plain bytes of the largest chunk. A larger one is answered with 413.',
  }),
  sessionsMaxSessionBytes: setting({
    key: 'sessions.max-session-size',
    env: 'CHRONICLE_SESSIONS_MAX_SESSION_SIZE',
    type: bytes({ min: kilobyte, max: 1024 * 1024 * gigabyte }),
    default: 100 * gigabyte,
    section: sessions,
    help: 'Plain bytes of all chunks of a session together. A chunk beyond them is answered with 413.',
  }),
  sessionsCompressionEnabled: setting({
    key: 'sessions.compression-enabled',
    env: 'CHRONICLE_SESSIONS_COMPRESSION_ENABLED',
    type: boolean,
    default: true,
    section: sessions,
    help: 'Whether chunks are compressed before they are sealed, where that makes them smaller.',
  }),
  sessionsCompressionLevel: setting({
    key: 'sessions.compression-level',
    env: 'CHRONICLE_SESSIONS_COMPRESSION_LEVEL',
    type: integer({ min: 1, max: 9 }),
    default: 6,
    section: sessions,
    help: 'How hard: 1 is fast, 9 is small.',
  }),
  sessionsOrigin: setting({
    key: 'sessions.origin',
    env: 'CHRONICLE_SESSIONS_ORIGIN',
    type: origin,
    defaultText: '`chronicle/` and the id of the vault',
    section: sessions,
    help: 'Name of this installation in its checkpoints and proofs. Keep it once proofs have been given out: they name it.',
  }),
  sessionsWitnesses: setting({
    key: 'sessions.witnesses',
    env: 'CHRONICLE_SESSIONS_WITNESSES',
    type: witnesses,
    default: [],
    section: sessions,
    help: 'Witnesses (C2SP tlog-witness) that are asked to cosign the checkpoints of finalised sessions.',
  }),
  sessionsRootsTopic: setting({
    key: 'sessions.roots-topic',
    env: 'CHRONICLE_SESSIONS_ROOTS_TOPIC',
    type: topicOrNone,
    default: 'session-roots',
    section: sessions,
    help: 'Topic that the root of each finalised session is written to, at least once, with the session id as key. It is made when it is missing.',
  }),
} as const

/** Where the keys are kept, and what opens them. */
export const vaultSettings = {
  passphrase: setting({
    key: 'vault.passphrase',
    env: 'CHRONICLE_PASSPHRASE',
    type: secret,
    defaultText: 'none',
    section: vault,
    help: 'Passphrase that the master key is derived from. Give it by the variable, never in a file that others read.',
  }),
  vaultKeySource: setting({
    key: 'vault.key-source',
    env: 'CHRONICLE_VAULT_KEY_SOURCE',
    type: oneOf('auto', 'passphrase', 'keychain', 'file'),
    default: 'auto',
    section: vault,
    help: 'Where a new vault gets its master key from. `auto`: the passphrase if there is one, else the keychain of the system if it can be used, else a key file. A vault that is there names its own.',
  }),
  vaultKeyFile: setting({
    key: 'vault.key-file',
    env: 'CHRONICLE_VAULT_KEY_FILE',
    type: path,
    defaultText: '`master.key` in the data directory',
    section: vault,
    help: 'File of the master key, made at the first start, readable by its owner alone. Copy it to a safe place: without it nothing that was sealed can be opened.',
  }),
  vaultKeychainService: setting({
    key: 'vault.keychain-service',
    env: 'CHRONICLE_VAULT_KEYCHAIN_SERVICE',
    type: string,
    default: 'com.chronicle.packer',
    section: vault,
    help: 'Name under which the keychain of the system holds the master key.',
  }),
  vaultKeyRotationMs: setting({
    key: 'vault.key-rotation',
    env: 'CHRONICLE_VAULT_KEY_ROTATION',
    type: duration({ min: minute, max: 3650 * day }),
    default: 30 * day,
    section: vault,
    help: 'Age at which a data key seals nothing new any more and a fresh one takes its place. What it has sealed stays readable.',
  }),
  vaultKdf: setting({
    key: 'vault.kdf',
    env: 'CHRONICLE_VAULT_KDF',
    type: oneOf('argon2id', 'pbkdf2-sha256'),
    default: 'argon2id',
    section: vault,
    help: 'How a new passphrase becomes a master key.',
  }),
  vaultKdfIterations: setting({
    key: 'vault.kdf-iterations',
    env: 'CHRONICLE_VAULT_KDF_ITERATIONS',
    type: integer({ min: 100_000, max: 10_000_000 }),
    default: 100_000,
    section: vault,
    help: 'Iterations of PBKDF2, or the work that Argon2id does at least: its memory times its passes is never below that of its own default.',
  }),
} as const
