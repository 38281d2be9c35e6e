/** Settings of observe: where events come from and where the tables are. Beside the others, since what only wants to know them would load all of observe. */
import { duration, integer, oneOf, port, type Secret, type SettingType, secret, setting } from '@chronicle/config'

const section = 'Observe'
const minute = 60_000
const day = 24 * 60 * minute

/** The root of an HTTP API. It carries no password: what is asked there is not secret, what comes from there is. */
const httpUrl: SettingType<string> = {
  placeholder: 'url',
  accepts: 'an http or https URL without user name and password',
  isText: true,
  parse(text) {
    const url = URL.parse(text)
    const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
    return isPlain ? text : undefined
  },
  format: value => value,
}

/** Held to its form at once: what is no such URL would otherwise be found out when events wait for it already. */
const postgresUrl: SettingType<Secret> = {
  ...secret,
  placeholder: 'url',
  accepts: 'postgres://user:password@host:5432/database, special characters of the password percent-encoded',
  parse: (text, directory) => (isPostgresUrl(text) ? secret.parse(text, directory) : undefined),
}

/** An empty host is a socket, which a query names: `postgres://user@/database?host=/run/postgresql`. */
function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@host/'))
}

const off = 'off'

/** Where something listens, if it does. */
const portOrOff: SettingType<number | typeof off> = {
  ...port,
  accepts: `off, or ${port.accepts}`,
  parse: (text, directory) => (text === off ? off : port.parse(text, directory)),
  format: String,
}

/** Settings of observe. Its HTTP port and the level of its log lines are those of the server: CHRONICLE_PORT and LOG_LEVEL. */
export const observeSettings = {
  natsUrl: setting({
    key: 'observe.nats-url',
    env: 'NATS_URL',
    type: secret,
    defaultText: 'none: NATS is not read',
    section,
    help: 'NATS server that the streams of the swarm are read from, such as nats://hermes:4222. It is never shown, for it may hold a password.',
  }),
  natsStreams: setting({
    key: 'observe.nats-streams',
    env: 'CHRONICLE_OBSERVE_NATS_STREAMS',
    type: oneOf('create', 'wait'),
    default: 'create',
    section,
    help: 'What happens when TASK_EVENTS, SYSTEM_EVENTS or DLQ is not on the NATS server: it is made, or waited for. One that is there stays as it is.',
  }),
  otlpGrpcPort: setting({
    key: 'observe.otlp-grpc-port',
    env: 'CHRONICLE_OTLP_GRPC_PORT',
    type: portOrOff,
    defaultText: '4317, where no other program listens there',
    section,
    help: 'Port for OTLP over gRPC, on the address of the HTTP port. One that is given has to be free; `off` is none. OTLP over HTTP is served at /v1/traces of the HTTP port.',
  }),
  databaseUrl: setting({
    key: 'observe.database-url',
    env: 'DATABASE_URL',
    type: postgresUrl,
    defaultText: 'none: an embedded PostgreSQL in the data directory',
    section,
    help: 'PostgreSQL that holds the tables, such as postgres://user:password@host:5432/chronicle. It is never shown.',
  }),
  alexandriaUrl: setting({
    key: 'observe.alexandria-url',
    env: 'ALEXANDRIA_URL',
    type: httpUrl,
    defaultText: 'none: no secrets API is asked',
    section,
    help: 'Secrets API that is asked for DATABASE_URL and NATS_URL where they are not set here, such as http://alexandria:8500.',
  }),
  alexandriaToken: setting({
    key: 'observe.alexandria-token',
    env: 'ALEXANDRIA_TOKEN',
    type: secret,
    defaultText: 'none: it is asked as the agent chronicle, without a token',
    section,
    help: 'Bearer token that the secrets API is asked with. It is never shown.',
  }),
  batchFlushIntervalMs: setting({
    key: 'observe.batch-flush-interval',
    env: 'BATCH_FLUSH_INTERVAL_MS',
    type: duration({ min: 10, max: 60 * minute, plain: 'ms' }),
    default: 5000,
    section,
    help: 'Longest time that an event waits for others before the tables get it.',
  }),
  batchFlushThreshold: setting({
    key: 'observe.batch-flush-threshold',
    env: 'BATCH_FLUSH_THRESHOLD',
    type: integer({ min: 1, max: 5000 }),
    default: 100,
    section,
    help: 'Events that are written without waiting for more. Where more have gathered they go together.',
  }),
  bufferEventsMax: setting({
    key: 'observe.buffer-max-size',
    env: 'BUFFER_MAX_SIZE',
    type: integer({ min: 1, max: 100_000_000 }),
    default: 10_000,
    section,
    help: 'Events that may be taken in and not yet be in the tables. Past it an alert is raised and the sources are held back.',
  }),
  bufferOverflow: setting({
    key: 'observe.buffer-overflow',
    env: 'BUFFER_OVERFLOW',
    type: oneOf('back-pressure', 'drop-oldest'),
    default: 'back-pressure',
    section,
    help: 'What happens past it. `back-pressure` holds the sources back and loses nothing; `drop-oldest` takes everything, and leaves the oldest events out of the tables, with an alert.',
  }),
  logRetentionMs: setting({
    key: 'observe.log-retention',
    env: 'CHRONICLE_OBSERVE_LOG_RETENTION',
    type: duration({ min: minute, max: 3650 * day }),
    default: 7 * day,
    section,
    help: 'How long the topics swarm.events and swarm.dead-letters keep their records: as far back as tables can be made again, and for as long as the database may be away.',
  }),
} as const
