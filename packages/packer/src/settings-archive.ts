import { boolean, bytes, decimal, integer, oneOf, path, secret, setting } from '@chronicle/config'
import { columnNames, directoryFormat, name } from './settings-types.ts'

const storage = 'Storage'
const parquet = 'Parquet'
const encryption = 'Encryption'
const mebibyte = 1 << 20
const yearsMax = 100

/** Where files lie, how large they get, how long they stay; and what a Parquet file is made of. */
export const archiveSettings = (basePathDefault: string) =>
  ({
    basePath: setting({
      key: 'storage.base_path',
      env: 'CHRONICLE_PACKER_STORAGE_BASE_PATH',
      type: path,
      default: basePathDefault,
      section: storage,
      help: 'Directory of the archive. When the default cannot be made, `~/.local/share/chronicle/packer` takes its place; a directory that was set is never replaced by another.',
    }),
    retentionDays: setting({
      key: 'storage.retention_days',
      env: 'CHRONICLE_PACKER_STORAGE_RETENTION_DAYS',
      type: integer({ min: 0, max: 366 * yearsMax }),
      default: 60,
      section: storage,
      help: 'Days after which a file of the archive is deleted, counted from its newest event. 0 keeps everything.',
    }),
    compressionLevel: setting({
      key: 'storage.compression_level',
      env: 'CHRONICLE_PACKER_STORAGE_COMPRESSION_LEVEL',
      type: integer({ min: 1, max: 22 }),
      default: 6,
      section: storage,
      help: 'Level of the codecs that take one: GZIP 1 to 9, ZSTD 1 to 22. SNAPPY, LZ4 and NONE take none, and whatever stands here has no effect.',
    }),
    maxFileBytes: setting({
      key: 'storage.max_file_size',
      env: 'CHRONICLE_PACKER_STORAGE_MAX_FILE_SIZE',
      type: bytes({ min: mebibyte, max: 2 ** 40 }),
      default: 1024 * mebibyte,
      section: storage,
      help: 'Size that no file grows beyond: the next one begins before it.',
    }),
    directoryFormat: setting({
      key: 'storage.directory_format',
      env: 'CHRONICLE_PACKER_STORAGE_DIRECTORY_FORMAT',
      type: directoryFormat,
      default: '%Y/%m/%d',
      section: storage,
      help: "Directories below `parquet/` and `heif/`, from the day of the event in scheduling.timezone, written as strftime's format.",
    }),
    checksumAlgorithm: setting({
      key: 'storage.checksum',
      env: 'CHRONICLE_PACKER_STORAGE_CHECKSUM',
      type: oneOf('blake3', 'sha256'),
      default: 'blake3',
      section: storage,
      help: 'Checksum of every file, which stands in the manifest.',
    }),
    rowGroupRows: setting({
      key: 'storage.parquet.row_group_size',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_ROW_GROUP_SIZE',
      type: integer({ min: 1, max: 16 * mebibyte }),
      default: 65_536,
      section: parquet,
      help: 'Rows of a row group.',
    }),
    pageBytes: setting({
      key: 'storage.parquet.page_size',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_PAGE_SIZE',
      type: bytes({ min: 64, max: 64 * mebibyte }),
      default: 8192,
      section: parquet,
      help: 'Size at which a data page ends, before it is compressed.',
    }),
    parquetCodec: setting({
      key: 'storage.parquet.compression',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_COMPRESSION',
      type: oneOf('SNAPPY', 'GZIP', 'LZ4', 'ZSTD', 'NONE'),
      default: 'SNAPPY',
      section: parquet,
      help: 'Codec of the pages.',
    }),
    dictionaryEncoding: setting({
      key: 'storage.parquet.dictionary_encoding',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_DICTIONARY_ENCODING',
      type: boolean,
      default: true,
      section: parquet,
      help: 'Values that repeat are written once.',
    }),
    statistics: setting({
      key: 'storage.parquet.statistics',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_STATISTICS',
      type: boolean,
      default: true,
      section: parquet,
      help: 'Least and greatest values and counts of nulls, by which readers skip what they do not look for.',
    }),
    bloomFilterEnabled: setting({
      key: 'storage.parquet.bloom_filter.enabled',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_BLOOM_FILTER_ENABLED',
      type: boolean,
      default: true,
      section: parquet,
      help: 'Bloom filters, by which readers skip row groups that cannot hold a value.',
    }),
    bloomFilterFpp: setting({
      key: 'storage.parquet.bloom_filter.fpp',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_BLOOM_FILTER_FPP',
      type: decimal({ min: 0.0001, max: 0.5 }),
      default: 0.1,
      section: parquet,
      help: 'Share of false positives of a bloom filter: less takes more bytes.',
    }),
    bloomFilterColumns: setting({
      key: 'storage.parquet.bloom_filter.columns',
      env: 'CHRONICLE_PACKER_STORAGE_PARQUET_BLOOM_FILTER_COLUMNS',
      type: columnNames,
      default: ['app_bundle_id', 'window_title'],
      section: parquet,
      help: 'Columns that get a bloom filter.',
    }),
  }) as const

/** How files are sealed, and what opens them. */
export const encryptionSettings = {
  encryptionEnabled: setting({
    key: 'encryption.enabled',
    env: 'CHRONICLE_PACKER_ENCRYPTION_ENABLED',
    type: boolean,
    default: true,
    section: encryption,
    help: 'Off: files lie there as anybody can read them who may read the directory.',
  }),
  encryptionAlgorithm: setting({
    key: 'encryption.algorithm',
    env: 'CHRONICLE_PACKER_ENCRYPTION_ALGORITHM',
    type: oneOf('AES-256-GCM'),
    default: 'AES-256-GCM',
    section: encryption,
    help: 'The cipher. There is one.',
  }),
  kdf: setting({
    key: 'encryption.kdf',
    env: 'CHRONICLE_PACKER_ENCRYPTION_KDF',
    type: oneOf('Argon2id', 'PBKDF2-SHA256'),
    default: 'Argon2id',
    section: encryption,
    help: 'How a passphrase becomes the master key of a new key store.',
  }),
  kdfIterations: setting({
    key: 'encryption.kdf_iterations',
    env: 'CHRONICLE_PACKER_ENCRYPTION_KDF_ITERATIONS',
    type: integer({ min: 100_000, max: 10_000_000 }),
    default: 100_000,
    section: encryption,
    help: 'Iterations of PBKDF2. For Argon2id a floor on its work: 3 passes over 64 MiB for every 100,000.',
  }),
  parquetEncryption: setting({
    key: 'encryption.parquet',
    env: 'CHRONICLE_PACKER_ENCRYPTION_PARQUET',
    type: oneOf('sealed', 'modular'),
    default: 'sealed',
    section: encryption,
    help: "`sealed`: the whole file, like every other. `modular`: the format's own encryption, which PyArrow and Spark open with the key.",
  }),
  keyRotationDays: setting({
    key: 'encryption.key_rotation_days',
    env: 'CHRONICLE_PACKER_ENCRYPTION_KEY_ROTATION_DAYS',
    type: integer({ min: 1, max: 3650 }),
    default: 30,
    section: encryption,
    help: 'Days after which a key seals nothing new any more and a fresh one takes its place. What it has sealed stays readable.',
  }),
  keychainService: setting({
    key: 'encryption.keychain_service',
    env: 'CHRONICLE_PACKER_ENCRYPTION_KEYCHAIN_SERVICE',
    type: name,
    default: 'com.chronicle.packer',
    section: encryption,
    help: 'Name under which the keychain of the system holds the master key.',
  }),
  keySource: setting({
    key: 'encryption.key_source',
    env: 'CHRONICLE_PACKER_ENCRYPTION_KEY_SOURCE',
    type: oneOf('auto', 'passphrase', 'keychain', 'file'),
    default: 'auto',
    section: encryption,
    help: 'Where a new key store gets its master key from. `auto`: the passphrase if there is one, else the keychain of the system if it can be used, else a key file. A key store that is there names its own.',
  }),
  keyFile: setting({
    key: 'encryption.key_file',
    env: 'CHRONICLE_PACKER_ENCRYPTION_KEY_FILE',
    type: path,
    defaultText: '`~/.config/chronicle/packer-ID.key`, named after the archive',
    section: encryption,
    help: 'File of the master key of a new key store, where it comes from one. It lies apart from the archive. Copy it to a safe place: without it nothing of the archive can be opened.',
  }),
  passphrase: setting({
    key: 'encryption.passphrase',
    env: 'CHRONICLE_PASSPHRASE',
    type: secret,
    defaultText: 'none',
    section: encryption,
    help: 'Passphrase that the master key is derived from. Give it by the variable, never in a file that others read.',
  }),
} as const
