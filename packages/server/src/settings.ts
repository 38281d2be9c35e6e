import {
  address,
  boolean,
  bytes,
  declareSettings,
  duration,
  integer,
  oneOf,
  path,
  port,
  renderSettingsTable as render,
  setting,
  type ValuesOf,
} from '@chronicle/config'
import { observeSettings } from './settings-observe.ts'
import { sessionSettings, vaultSettings } from './settings-sessions.ts'
import { hostNames } from './settings-types.ts'

const kilobyte = 1024
const megabyte = 1024 * kilobyte
const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

const process = 'Process'
const kafka = 'Kafka listener'
const topics = 'Topics'
const durability = 'Durability'
const groups = 'Consumer groups'
const http = 'HTTP and metrics'

/** Every setting of the server. Help, `chronicle config` and docs/settings.md derive from this list. */
export const settings = declareSettings({
  dataDirectory: setting({
    key: 'data.dir',
    env: 'CHRONIK_DATA_DIR',
    flag: '--data-dir',
    type: path,
    default: './data',
    section: process,
    help: 'Directory that holds everything: the log, and the lock that keeps a second process out.',
  }),
  nodeId: setting({
    key: 'node.id',
    env: 'CHRONIK_NODE_ID',
    flag: '--node-id',
    type: integer({ min: 0, max: 2 ** 31 - 1 }),
    default: 1,
    section: process,
    help: 'Number of this broker, as clients see it.',
  }),
  shutdownMs: setting({
    key: 'shutdown.timeout',
    env: 'CHRONIK_SHUTDOWN_TIMEOUT',
    type: duration({ min: 100, max: 10 * minute }),
    default: 10 * second,
    section: process,
    help: 'Longest time that an orderly stop may take. What was accepted is flushed first.',
  }),
  logLevel: setting({
    key: 'log.level',
    env: ['CHRONIK_LOG_LEVEL', 'LOG_LEVEL'],
    flag: '--log-level',
    type: oneOf('debug', 'info', 'warn', 'error'),
    default: 'info',
    section: process,
    help: 'Least important lines that are still logged. Logs go to standard error.',
  }),
  logFormat: setting({
    key: 'log.format',
    env: 'CHRONIK_LOG_FORMAT',
    type: oneOf('auto', 'json', 'readable'),
    default: 'auto',
    section: process,
    help: 'Form of the log lines. `auto` is readable on a terminal and JSON elsewhere.',
  }),
  bindAddress: setting({
    key: 'kafka.bind-addr',
    env: 'CHRONIK_BIND_ADDR',
    flag: '--bind-addr',
    type: address,
    default: '127.0.0.1',
    section: kafka,
    help: 'Address that the Kafka port listens on. 0.0.0.0 is all of them, and needs --advertised-addr. The HTTP port has an address of its own.',
  }),
  kafkaPort: setting({
    key: 'kafka.port',
    env: 'CHRONIK_KAFKA_PORT',
    flag: '--kafka-port',
    type: port,
    default: 9092,
    section: kafka,
    help: 'Port that Kafka clients connect to.',
  }),
  advertisedAddress: setting({
    key: 'kafka.advertised-addr',
    env: 'CHRONIK_ADVERTISED_ADDR',
    flag: '--advertised-addr',
    type: address,
    defaultText: 'the bind address',
    section: kafka,
    help: 'Address that clients are told to connect to: one under which they reach this machine.',
  }),
  advertisedPort: setting({
    key: 'kafka.advertised-port',
    env: 'CHRONIK_ADVERTISED_PORT',
    flag: '--advertised-port',
    type: integer({ min: 1, max: 65535, placeholder: 'port' }),
    defaultText: 'the Kafka port',
    section: kafka,
    help: 'Port that clients are told to connect to, where a proxy or container maps it to another one.',
  }),
  requestBytesMax: setting({
    key: 'kafka.request-max',
    env: 'CHRONIK_KAFKA_REQUEST_MAX',
    type: bytes({ min: 64 * kilobyte, max: 1024 * megabyte }),
    default: 100 * megabyte,
    section: kafka,
    help: 'Largest request. The connection of a larger one is closed.',
  }),
  connectionsMax: setting({
    key: 'kafka.connections-max',
    env: 'CHRONIK_KAFKA_CONNECTIONS_MAX',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 10_000,
    section: kafka,
    help: 'Connections at once. One more is closed.',
  }),
  connectionsPerAddressMax: setting({
    key: 'kafka.connections-per-address-max',
    env: 'CHRONIK_KAFKA_CONNECTIONS_PER_ADDRESS_MAX',
    type: integer({ min: 1, max: 1_000_000 }),
    defaultText: 'no limit of its own',
    section: kafka,
    help: 'Connections at once from one address. One more is closed.',
  }),
  idleConnectionMs: setting({
    key: 'kafka.idle-timeout',
    env: 'CHRONIK_KAFKA_IDLE_TIMEOUT',
    type: duration({ min: second, max: day }),
    default: 10 * minute,
    section: kafka,
    help: 'A connection that is silent for this long is closed.',
  }),
  inFlightBytesMax: setting({
    key: 'kafka.in-flight-max',
    env: 'CHRONIK_KAFKA_IN_FLIGHT_MAX',
    type: bytes({ min: megabyte, max: 1024 * 1024 * megabyte }),
    default: 512 * megabyte,
    section: kafka,
    help: 'Memory for requests that are not answered yet. Above it connections are not read from.',
  }),
  inFlightBytesPerConnectionMax: setting({
    key: 'kafka.in-flight-per-connection-max',
    env: 'CHRONIK_KAFKA_IN_FLIGHT_PER_CONNECTION_MAX',
    type: bytes({ min: 64 * kilobyte, max: 1024 * megabyte }),
    default: 32 * megabyte,
    section: kafka,
    help: 'The same for a single connection.',
  }),
  fetchBytesMax: setting({
    key: 'kafka.fetch-max',
    env: 'CHRONIK_KAFKA_FETCH_MAX',
    type: bytes({ min: 64 * kilobyte, max: 1024 * megabyte }),
    default: 55 * megabyte,
    section: kafka,
    help: 'Most records in one answer to a fetch. A single larger batch is sent all the same.',
  }),
  fetchWaitMsMax: setting({
    key: 'kafka.fetch-wait-max',
    env: 'CHRONIK_KAFKA_FETCH_WAIT_MAX',
    type: duration({ max: 60 * minute }),
    default: 10 * minute,
    section: kafka,
    help: 'Longest time that a fetch may wait for records; a longer wish is cut down.',
  }),
  autoCreateTopics: setting({
    key: 'topics.auto-create',
    env: 'CHRONIK_AUTO_CREATE_TOPICS',
    type: boolean,
    default: true,
    section: topics,
    help: 'Whether a topic is made when a client first asks for it, as Kafka does.',
  }),
  defaultPartitions: setting({
    key: 'topics.default-partitions',
    env: 'CHRONIK_DEFAULT_PARTITIONS',
    type: integer({ min: 1, max: 10_000 }),
    default: 1,
    section: topics,
    help: 'Partitions of a topic that is made without saying how many.',
  }),
  partitionsMax: setting({
    key: 'topics.partitions-max',
    env: 'CHRONIK_PARTITIONS_MAX',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 20_000,
    section: topics,
    help: 'Partitions of all topics together.',
  }),
  retentionCheckMs: setting({
    key: 'topics.retention-check-interval',
    env: 'CHRONIK_RETENTION_CHECK_INTERVAL',
    type: duration({ min: second, max: day }),
    default: 5 * minute,
    section: topics,
    help: 'How often records past retention.ms or retention.bytes are looked for.',
  }),
  produceProfile: setting({
    key: 'durability.produce-profile',
    env: 'CHRONIK_PRODUCE_PROFILE',
    type: oneOf('low-latency', 'balanced', 'high-throughput'),
    default: 'balanced',
    section: durability,
    help: 'Bytes that may wait for their sync before producers are held back: 16, 32 or 128 MB. More gathers larger groups under load; an idle disk never waits, and every acknowledgement follows its sync.',
  }),
  walProfile: setting({
    key: 'durability.wal-profile',
    env: 'CHRONIK_WAL_PROFILE',
    type: oneOf('low', 'medium', 'high', 'ultra'),
    defaultText: 'chosen by the memory of the machine',
    section: durability,
    help: 'Memory that the write-ahead log takes for its buffers and for the tail that consumers read.',
  }),
  walRotationBytes: setting({
    key: 'durability.wal-rotation-size',
    env: 'CHRONIK_WAL_ROTATION_SIZE',
    type: bytes({ min: 64 * kilobyte, max: 1024 * 1024 * megabyte }),
    default: 250 * megabyte,
    section: durability,
    help: 'Size at which a file of the write-ahead log is closed and the next one begun.',
  }),
  walRotationMs: setting({
    key: 'durability.wal-rotation-age',
    env: 'CHRONIK_WAL_ROTATION_AGE',
    type: duration({ min: second, max: 365 * day }),
    default: 30 * minute,
    section: durability,
    help: 'Age at which it is closed even when it is smaller.',
  }),
  diskFreeMin: setting({
    key: 'durability.disk-free-min',
    env: 'CHRONIK_DISK_FREE_MIN',
    type: bytes({ min: megabyte, max: 1024 * 1024 * megabyte }),
    default: 256 * megabyte,
    section: durability,
    help: 'With less free on the file system of the data, records are refused and /health fails until there is more; reads and deletions go on.',
  }),
  fileMetadata: setting({
    key: 'durability.file-metadata',
    env: 'CHRONIK_FILE_METADATA',
    type: boolean,
    default: false,
    section: durability,
    help: 'Accepted for old set-ups and without effect: metadata always lives in the log.',
  }),
  groupSessionMsMin: setting({
    key: 'groups.session-timeout-min',
    env: 'CHRONIK_GROUP_SESSION_TIMEOUT_MIN',
    type: duration({ min: 1, max: day }),
    default: 6 * second,
    section: groups,
    help: 'Shortest session timeout that a member of a consumer group may ask for.',
  }),
  groupSessionMsMax: setting({
    key: 'groups.session-timeout-max',
    env: 'CHRONIK_GROUP_SESSION_TIMEOUT_MAX',
    type: duration({ min: second, max: day }),
    default: 30 * minute,
    section: groups,
    help: 'Longest one.',
  }),
  groupRebalanceDelayMs: setting({
    key: 'groups.initial-rebalance-delay',
    env: 'CHRONIK_GROUP_INITIAL_REBALANCE_DELAY',
    type: duration({ max: 10 * minute }),
    default: 100,
    section: groups,
    help: 'How long the first rebalance of an empty group waits for further members; each that comes prolongs it.',
  }),
  groupMembersMax: setting({
    key: 'groups.members-max',
    env: 'CHRONIK_GROUP_MEMBERS_MAX',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 1_000,
    section: groups,
    help: 'Members of one group.',
  }),
  offsetsRetentionMs: setting({
    key: 'groups.offsets-retention',
    env: 'CHRONIK_OFFSETS_RETENTION',
    type: duration({ min: minute, max: 100 * 365 * day }),
    default: 7 * day,
    section: groups,
    help: 'How long the committed offsets of a group without members are kept.',
  }),
  httpPort: setting({
    key: 'http.port',
    env: 'CHRONICLE_PORT',
    flag: '--http-port',
    type: port,
    default: 8700,
    section: http,
    help: 'Port of the HTTP interface.',
  }),
  httpBindAddress: setting({
    key: 'http.bind-addr',
    env: 'CHRONICLE_HTTP_BIND_ADDR',
    type: address,
    default: '127.0.0.1',
    section: http,
    help: 'Address that the HTTP port listens on. It asks nobody who they are: open it only inside of a container or behind a proxy that asks.',
  }),
  httpAllowedHosts: setting({
    key: 'http.allowed-hosts',
    env: 'CHRONICLE_HTTP_ALLOWED_HOSTS',
    type: hostNames,
    default: [],
    section: http,
    help: 'Names under which requests may reach the HTTP port besides localhost and its own address. Others are refused, so that a page of another site cannot reach it through a name of its own.',
  }),
  httpConnectionsMax: setting({
    key: 'http.connections-max',
    env: 'CHRONICLE_HTTP_CONNECTIONS_MAX',
    type: integer({ min: 1, max: 1_000_000 }),
    default: 16_384,
    section: http,
    help: 'Connections to the HTTP port at once. One more is closed.',
  }),
  metricsPort: setting({
    key: 'metrics.port',
    env: 'CHRONICLE_METRICS_PORT',
    flag: '--metrics-port',
    type: port,
    default: 9090,
    section: http,
    help: 'Port where Prometheus reads /metrics.',
  }),
  metricsBindAddress: setting({
    key: 'metrics.bind-addr',
    env: 'CHRONICLE_METRICS_BIND_ADDR',
    type: address,
    default: '127.0.0.1',
    section: http,
    help: 'Address that the metrics port listens on. Metrics hold names of topics, and no records.',
  }),
  ...observeSettings,
  ...sessionSettings,
  ...vaultSettings,
})

export type ServerSettings = ValuesOf<typeof settings>

/** What the variables of the programs begin with that have settings of their own. */
export const variablesOf = { packer: 'CHRONICLE_PACKER_', capture: 'CHRONICLE_CAPTURE_' } as const

/** Variables of ours that are no settings. */
export const otherVariables: readonly string[] = [
  'CHRONICLE_CONFIG',
  'CHRONIK_CONFIG',
  'CHRONICLE_BOOTSTRAP',
  'CHRONICLE_NEW_PASSPHRASE',
  'CHRONICLE_URL',
]

/** The settings as Markdown: docs/settings.md. */
export function renderSettingsTable(): string {
  return render(settings)
}
