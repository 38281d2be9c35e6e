import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  boolean,
  declareSettings,
  hostPorts,
  integer,
  oneOf,
  path,
  type SettingType,
  setting,
  string,
  type ValuesOf,
} from '@chronicle/config'
import { topicNames } from './bus/topic-options.ts'

const database = 'Database'
const windows = 'Windows'
const screenshots = 'Screenshots'
const bus = 'Bus'

/** A path that may begin with `~/`. */
const homePath: SettingType<string> = {
  ...path,
  accepts: 'a path; ~/ stands for the home directory',
  parse: (text, directory) => path.parse(text.startsWith('~/') ? join(homedir(), text.slice(2)) : text, directory),
}

const yearsMax = 100
const days = integer({ min: 1, max: 366 * yearsMax })
const mebibytes = (max: number) => integer({ min: 1, max, placeholder: 'MB' })

const databaseSettings = {
  databasePath: setting({
    key: 'storage.database_path',
    env: 'CHRONICLE_CAPTURE_DATABASE_PATH',
    type: homePath,
    defaultText: '~/.chronicle/capture.db',
    section: database,
    help: 'SQLite file of capture. Its screenshots, its spill and its keys lie beside it, under its name and a suffix. It is one on a local disk.',
  }),
  encryptPayloads: setting({
    key: 'storage.encrypt_payloads',
    env: 'CHRONICLE_CAPTURE_ENCRYPT_PAYLOADS',
    type: boolean,
    default: true,
    section: database,
    help: 'Seals what events hold. Sessions, times and counts stay readable without a key; files of screenshots are always sealed.',
  }),
  socket: setting({
    key: 'storage.socket',
    env: 'CHRONICLE_CAPTURE_SOCKET',
    type: homePath,
    defaultText: 'the database with .sock behind its name',
    section: database,
    help: 'Unix socket at which an analysis in another process gets screenshots and says that it is done, and which `chronicle capture status` asks.',
  }),
  rawRetentionDays: setting({
    key: 'storage.raw_retention_days',
    env: 'CHRONICLE_CAPTURE_RAW_RETENTION_DAYS',
    type: days,
    default: 7,
    section: database,
    help: 'Days for which events and their windows are kept.',
  }),
  hourlyRetentionDays: setting({
    key: 'storage.hourly_retention_days',
    env: 'CHRONICLE_CAPTURE_HOURLY_RETENTION_DAYS',
    type: days,
    default: 30,
    section: database,
    help: 'Days for which sums by the hour are kept.',
  }),
  dailyRetentionDays: setting({
    key: 'storage.daily_retention_days',
    env: 'CHRONICLE_CAPTURE_DAILY_RETENTION_DAYS',
    type: days,
    default: 365,
    section: database,
    help: 'Days for which sums by the day are kept.',
  }),
  queueEventsMax: setting({
    key: 'storage.queue_max_events',
    env: 'CHRONICLE_CAPTURE_QUEUE_MAX_EVENTS',
    type: integer({ min: 100, max: 1_000_000 }),
    default: 20_000,
    section: database,
    help: 'Events that wait in memory to be stored. Past it the oldest go to the spill on the disk.',
  }),
  queueMb: setting({
    key: 'storage.queue_max_mb',
    env: 'CHRONICLE_CAPTURE_QUEUE_MAX_MB',
    type: mebibytes(1024),
    default: 16,
    section: database,
    help: 'Memory of the events that wait to be stored.',
  }),
  spillMb: setting({
    key: 'storage.spill_max_mb',
    env: 'CHRONICLE_CAPTURE_SPILL_MAX_MB',
    type: mebibytes(1 << 20),
    default: 1024,
    section: database,
    help: 'Size of the spill. Events that find no room there either are lost, and counted.',
  }),
} as const

const windowSettings = {
  batchWindowSeconds: setting({
    key: 'storage.batch_window_seconds',
    env: 'CHRONICLE_CAPTURE_BATCH_WINDOW_SECONDS',
    type: integer({ min: 1, max: 3600 }),
    default: 30,
    section: windows,
    help: 'Length of a window. Windows follow each other without gaps, and begin at multiples of it since 1970.',
  }),
  allowedLatenessMs: setting({
    key: 'storage.allowed_lateness_ms',
    env: 'CHRONICLE_CAPTURE_ALLOWED_LATENESS_MS',
    type: integer({ min: 0, max: 600_000 }),
    default: 500,
    section: windows,
    help: 'How long after its end a window takes events. Later ones join the next window, marked late.',
  }),
  idleAfterMs: setting({
    key: 'storage.idle_after_ms',
    env: 'CHRONICLE_CAPTURE_IDLE_AFTER_MS',
    type: integer({ min: 100, max: 3_600_000 }),
    default: 5000,
    section: windows,
    help: 'A gap without key, click and movement counts as idle from this length on.',
  }),
  deliveryTimeoutSeconds: setting({
    key: 'storage.delivery_timeout_seconds',
    env: 'CHRONICLE_CAPTURE_DELIVERY_TIMEOUT_SECONDS',
    type: integer({ min: 1, max: 3600 }),
    default: 30,
    section: windows,
    help: 'Time that the analysis has to take one batch. After it the batch is sent again, later.',
  }),
} as const

const screenshotSettings = {
  screenshotMemoryThresholdMb: setting({
    key: 'storage.screenshot_memory_threshold_mb',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_MEMORY_THRESHOLD_MB',
    type: mebibytes(1024),
    default: 5,
    section: screenshots,
    help: 'Up to this size a screenshot stays in memory; a larger one lies in a sealed file.',
  }),
  screenshotMemoryTotalMb: setting({
    key: 'storage.screenshot_memory_total_mb',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_MEMORY_TOTAL_MB',
    type: mebibytes(65_536),
    default: 64,
    section: screenshots,
    help: 'Memory of all screenshots together. Past it the oldest go to sealed files.',
  }),
  screenshotWaitingMb: setting({
    key: 'storage.screenshot_waiting_mb',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_WAITING_MB',
    type: mebibytes(65_536),
    default: 64,
    section: screenshots,
    help: 'Memory of the screenshots that wait to be measured. What comes beyond it is deleted at once, and its event kept.',
  }),
  screenshotFilesTotalMb: setting({
    key: 'storage.screenshot_files_total_mb',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_FILES_TOTAL_MB',
    type: mebibytes(1 << 20),
    default: 1024,
    section: screenshots,
    help: 'Size of all sealed files of screenshots together. What comes beyond it is deleted at once, and its event kept.',
  }),
  screenshotMaxMb: setting({
    key: 'storage.screenshot_max_mb',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_MAX_MB',
    type: mebibytes(1024),
    default: 50,
    section: screenshots,
    help: 'A larger screenshot is refused, with its event.',
  }),
  screenshotMaxPixels: setting({
    key: 'storage.screenshot_max_pixels',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_MAX_PIXELS',
    type: integer({ min: 1, max: 268_402_689 }),
    default: 7680 * 4320,
    section: screenshots,
    help: 'The pixels of an image that has more are not measured. An image takes up to 3 bytes a pixel while it is decoded.',
  }),
  screenshotDecodeSeconds: setting({
    key: 'storage.screenshot_decode_seconds',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_DECODE_SECONDS',
    type: integer({ min: 1, max: 600 }),
    default: 10,
    section: screenshots,
    help: 'Time that decoding an image may take. After it the image is not measured.',
  }),
  screenshotAfterWindowSeconds: setting({
    key: 'storage.screenshot_after_window_seconds',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_AFTER_WINDOW_SECONDS',
    type: integer({ min: 1, max: 3600 }),
    default: 30,
    section: screenshots,
    help: 'Time after the end of its window at which a screenshot is deleted, if the analysis was not done with it before.',
  }),
  screenshotHandOn: setting({
    key: 'storage.screenshot_hand_on',
    env: 'CHRONICLE_CAPTURE_SCREENSHOT_HAND_ON',
    type: oneOf('none', 'frames'),
    default: 'none',
    section: screenshots,
    help: 'What happens to a screenshot before it is destroyed. `frames` gives it to the packer, which seals it into the archive for as long as that keeps it.',
  }),
  devMode: setting({
    key: 'storage.dev_mode',
    env: 'CHRONICLE_CAPTURE_DEV_MODE',
    type: boolean,
    default: false,
    section: screenshots,
    help: 'For who develops: keeps the last 5 screenshots past their time, as they are, until capture stops.',
  }),
} as const

const busSettings = {
  bus: setting({
    key: 'storage.bus',
    env: 'CHRONICLE_CAPTURE_BUS',
    type: oneOf('in-process', 'topics'),
    default: 'in-process',
    section: bus,
    help: 'How events come and batches go: inside of the program that embeds capture, or by topics.',
  }),
  bootstrapServers: setting({
    key: 'storage.bootstrap_servers',
    env: 'CHRONICLE_CAPTURE_BOOTSTRAP_SERVERS',
    type: hostPorts,
    default: '127.0.0.1:9092',
    section: bus,
    help: 'Brokers of the topics, as host:port with commas between them.',
  }),
  eventsTopic: setting({
    key: 'storage.events_topic',
    env: 'CHRONICLE_CAPTURE_EVENTS_TOPIC',
    type: string,
    default: topicNames.events,
    section: bus,
    help: 'Topic that raw events come by.',
  }),
  batchesTopic: setting({
    key: 'storage.batches_topic',
    env: 'CHRONICLE_CAPTURE_BATCHES_TOPIC',
    type: string,
    default: topicNames.batches,
    section: bus,
    help: 'Topic that batches go to.',
  }),
  keysTopic: setting({
    key: 'storage.keys_topic',
    env: 'CHRONICLE_CAPTURE_KEYS_TOPIC',
    type: string,
    default: topicNames.keys,
    section: bus,
    help: 'Topic by which publishers learn the keys that they seal screenshots for. Who may write to it may have them sealed for another: let capture alone write there.',
  }),
} as const

/** Everything that can be set, in the table `[storage]` of a TOML file or by variables, which win over it. */
export const captureSettings = declareSettings({
  ...windowSettings,
  ...screenshotSettings,
  ...databaseSettings,
  ...busSettings,
})

/** Every setting with its value. */
export type CaptureSettings = ValuesOf<typeof captureSettings>

/** What holds when nothing is set. */
export const defaultConfig = Object.fromEntries(
  Object.entries(captureSettings).map(([name, each]) => [name, each.default]),
) as CaptureSettings

/** Where the file is when nothing is set. */
export function defaultDatabasePath(): string {
  return join(homedir(), '.chronicle', 'capture.db')
}
