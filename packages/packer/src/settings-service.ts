import { address, boolean, bytes, decimal, duration, oneOf, path, port, setting } from '@chronicle/config'
import { dayTime, ringCapacity, timeZone } from './settings-types.ts'

const scheduling = 'Scheduling'
const ring = 'Ring buffer'
const metrics = 'Metrics'
const logging = 'Logging'
const second = 1000
const hour = 3600 * second

/** When the packer runs, what it reads, and what it tells. */
export const serviceSettings = (logPathDefault: string) =>
  ({
    dailyTime: setting({
      key: 'scheduling.daily_time',
      env: 'CHRONICLE_PACKER_SCHEDULING_DAILY_TIME',
      type: dayTime,
      default: { hour: 3, minute: 0 },
      section: scheduling,
      help: 'When the ring is drained each day, in scheduling.timezone. A time that summer time skips comes as much later as the clock was moved; one that comes twice counts once.',
    }),
    timezone: setting({
      key: 'scheduling.timezone',
      env: 'CHRONICLE_PACKER_SCHEDULING_TIMEZONE',
      type: timeZone,
      default: 'UTC',
      section: scheduling,
      help: 'Time zone of the daily time and of the days in paths.',
    }),
    backupThresholdBytes: setting({
      key: 'scheduling.backup_threshold',
      env: 'CHRONICLE_PACKER_SCHEDULING_BACKUP_THRESHOLD',
      type: bytes({ min: 1, max: 2 ** 36 }),
      default: 52_428_800,
      section: scheduling,
      help: 'The ring is drained early when it holds this much.',
    }),
    maxProcessingMs: setting({
      key: 'scheduling.max_processing_time',
      env: 'CHRONICLE_PACKER_SCHEDULING_MAX_PROCESSING_TIME',
      type: duration({ min: second, max: 24 * hour, plain: 's' }),
      default: hour,
      section: scheduling,
      help: 'A run that takes longer ends at the next boundary between files, and says so.',
    }),
    ringPath: setting({
      key: 'ring_buffer.path',
      env: 'CHRONICLE_PACKER_RING_BUFFER_PATH',
      type: path,
      default: '/tmp/chronicle_ring_buffer',
      section: ring,
      help: 'The file that the recorder writes into. It is made when it is missing.',
    }),
    ringBytes: setting({
      key: 'ring_buffer.size',
      env: 'CHRONICLE_PACKER_RING_BUFFER_SIZE',
      type: ringCapacity,
      default: 67_108_864,
      section: ring,
      help: 'Capacity of a ring that is made. One that exists keeps its own.',
    }),
    backpressureThreshold: setting({
      key: 'ring_buffer.backpressure_threshold',
      env: 'CHRONICLE_PACKER_RING_BUFFER_BACKPRESSURE_THRESHOLD',
      type: decimal({ min: 0.01, max: 1 }),
      default: 0.8,
      section: ring,
      help: 'Share of the capacity above which recorders are told to hold back.',
    }),
    readTimeoutMs: setting({
      key: 'ring_buffer.read_timeout',
      env: 'CHRONICLE_PACKER_RING_BUFFER_READ_TIMEOUT',
      type: duration({ min: 1, max: hour, plain: 'ms' }),
      default: 5000,
      section: ring,
      help: 'How long a run waits for a ring that another process reads, before it ends with an error.',
    }),
    writeTimeoutMs: setting({
      key: 'ring_buffer.write_timeout',
      env: 'CHRONICLE_PACKER_RING_BUFFER_WRITE_TIMEOUT',
      type: duration({ min: 1, max: hour, plain: 'ms' }),
      default: 1000,
      section: ring,
      help: 'How long a recorder waits for room before a record counts as lost, unless it says otherwise. It stands in the ring: recorders learn it from there, a change with the next run.',
    }),
    metricsEnabled: setting({
      key: 'metrics.enabled',
      env: 'CHRONICLE_PACKER_METRICS_ENABLED',
      type: boolean,
      default: true,
      section: metrics,
      help: 'Serves GET /metrics and GET /health.',
    }),
    metricsBindAddress: setting({
      key: 'metrics.bind_address',
      env: 'CHRONICLE_PACKER_METRICS_BIND_ADDRESS',
      type: address,
      default: '127.0.0.1',
      section: metrics,
      help: 'Address of /metrics and /health, which ask nobody who they are.',
    }),
    metricsPort: setting({
      key: 'metrics.port',
      env: 'CHRONICLE_PACKER_METRICS_PORT',
      type: port,
      default: 9090,
      section: metrics,
      help: 'Port of /metrics and /health. The server of Chronicle has the same default: give one of them another where both run.',
    }),
    collectionIntervalMs: setting({
      key: 'metrics.collection_interval',
      env: 'CHRONICLE_PACKER_METRICS_COLLECTION_INTERVAL',
      type: duration({ min: second, max: hour, plain: 's' }),
      default: 60 * second,
      section: metrics,
      help: 'How often processor, memory, disk and ring are looked at.',
    }),
    metricsFormat: setting({
      key: 'metrics.export_format',
      env: 'CHRONICLE_PACKER_METRICS_EXPORT_FORMAT',
      type: oneOf('prometheus', 'json'),
      default: 'prometheus',
      section: metrics,
      help: 'What GET /metrics answers with, and the command `metrics` unless told otherwise.',
    }),
    logLevel: setting({
      key: 'logging.level',
      env: 'CHRONICLE_PACKER_LOGGING_LEVEL',
      type: oneOf('DEBUG', 'INFO', 'WARN', 'ERROR'),
      default: 'INFO',
      section: logging,
      help: 'The least important line that is still written.',
    }),
    logFormat: setting({
      key: 'logging.format',
      env: 'CHRONICLE_PACKER_LOGGING_FORMAT',
      type: oneOf('json', 'readable'),
      default: 'json',
      section: logging,
      help: 'One JSON object a line, or lines for people. A terminal shows lines for people; --json-logs wins over both.',
    }),
    logPath: setting({
      key: 'logging.file_path',
      env: 'CHRONICLE_PACKER_LOGGING_FILE_PATH',
      type: path,
      default: logPathDefault,
      section: logging,
      help: 'File that log lines are appended to. When the default cannot be written, `~/.local/state/chronicle/packer.log` takes its place; one that was set is never replaced by another.',
    }),
    logStructured: setting({
      key: 'logging.structured',
      env: 'CHRONICLE_PACKER_LOGGING_STRUCTURED',
      type: boolean,
      default: true,
      section: logging,
      help: 'Lines carry their facts as fields. Off: the words alone.',
    }),
    logConsole: setting({
      key: 'logging.console',
      env: 'CHRONICLE_PACKER_LOGGING_CONSOLE',
      type: boolean,
      default: true,
      section: logging,
      help: 'Lines go to standard error as well, but for a daemon.',
    }),
  }) as const
