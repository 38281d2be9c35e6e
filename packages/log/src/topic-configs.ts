import { logErrors } from './errors.ts'

/** A config that a topic can have. Values are text, as clients send and read them. */
export type TopicConfig = {
  readonly name: string
  /** The type that Kafka's tools show. */
  readonly type: 'boolean' | 'string' | 'int' | 'long' | 'double' | 'list'
  readonly default: string
  readonly doc: string
  /** What is accepted, in words. */
  readonly accepted: string
  accepts(value: string): boolean
}

const int32Max = 2 ** 31 - 1
/** Kafka's "never" for times and sizes. */
const int64Max = '9223372036854775807'

/** A whole number in [min, max]; beyond 2^53 it is compared as the nearest double. */
function whole(type: 'int' | 'long', name: string, initial: string, min: number, doc: string): TopicConfig {
  const max = type === 'int' ? int32Max : 2 ** 63
  return {
    name,
    type,
    default: initial,
    doc,
    accepted: `a whole number from ${min} to ${type === 'int' ? int32Max : int64Max}`,
    accepts: value => /^-?\d{1,19}$/.test(value) && Number(value) >= min && Number(value) <= max,
  }
}

function choice(name: string, initial: string, choices: readonly string[], doc: string): TopicConfig {
  const accepted = `one of: ${choices.join(', ')}`
  return { name, type: 'string', default: initial, doc, accepted, accepts: value => choices.includes(value) }
}

function flag(name: string, initial: string, doc: string, choices: readonly string[] = ['true', 'false']): TopicConfig {
  const accepted = choices.join(' or ')
  return { name, type: 'boolean', default: initial, doc, accepted, accepts: value => choices.includes(value) }
}

function listOf(name: string, initial: string, choices: readonly string[], doc: string): TopicConfig {
  const accepted = `a comma-separated list of: ${choices.join(', ')}`
  const accepts = (value: string): boolean =>
    partsOf(value).length > 0 && partsOf(value).every(p => choices.includes(p))
  return { name, type: 'list', default: initial, doc, accepted, accepts }
}

const partsOf = (value: string): string[] => value.split(',').map(part => part.trim())

const kept =
  'Kept and shown for tools that set it; storage here is not arranged in this way, so nothing follows from it.'

const table: readonly TopicConfig[] = [
  whole('long', 'retention.ms', '604800000', -1, 'Records older than this are removed; −1 keeps them for ever.'),
  whole(
    'long',
    'retention.bytes',
    '-1',
    -1,
    'The oldest records of a partition are removed above this size; −1 is no limit.',
  ),
  whole('int', 'max.message.bytes', '1048588', 0, 'Largest record batch that is taken, as sent (after compression).'),
  listOf(
    'cleanup.policy',
    'delete',
    ['delete', 'compact'],
    'delete: retention applies. compact: every record needs a key; compaction itself is not performed yet, so all records stay.',
  ),
  choice('compression.type', 'producer', ['producer'], 'Batches are stored as the producer compressed them.'),
  choice('message.timestamp.type', 'CreateTime', ['CreateTime'], 'Timestamps are those that the producer gave.'),
  whole(
    'long',
    'message.timestamp.before.max.ms',
    int64Max,
    0,
    'How far a timestamp may lie before the time of the broker.',
  ),
  whole(
    'long',
    'message.timestamp.after.max.ms',
    '3600000',
    0,
    'How far a timestamp may lie after the time of the broker.',
  ),
  whole(
    'int',
    'min.insync.replicas',
    '1',
    1,
    'Every acknowledged record is synced to disk; with one copy of the log more than 1 has no meaning and is kept as set.',
  ),
  flag('unclean.leader.election.enable', 'false', 'A leader that lacks acknowledged records is never elected.', [
    'false',
  ]),
  flag('remote.storage.enable', 'false', 'Tiering is not switched for each topic.', ['false']),
  whole(
    'long',
    'delete.retention.ms',
    '86400000',
    0,
    'How long compaction keeps tombstones. Compaction is not performed yet.',
  ),
  {
    name: 'min.cleanable.dirty.ratio',
    type: 'double',
    default: '0.5',
    doc: 'When compaction runs. Compaction is not performed yet.',
    accepted: 'a number from 0 to 1',
    accepts: value => /^\d+(\.\d+)?$/.test(value) && Number(value) <= 1,
  },
  whole(
    'long',
    'min.compaction.lag.ms',
    '0',
    0,
    'How long a record is left alone by compaction. Compaction is not performed yet.',
  ),
  whole(
    'long',
    'max.compaction.lag.ms',
    int64Max,
    1,
    'When compaction runs at the latest. Compaction is not performed yet.',
  ),
  whole('int', 'segment.bytes', '1073741824', 14, kept),
  whole('long', 'segment.ms', '604800000', 1, kept),
  whole('long', 'segment.jitter.ms', '0', 0, kept),
  whole('int', 'segment.index.bytes', '10485760', 4, kept),
  whole('int', 'index.interval.bytes', '4096', 0, kept),
  flag('preallocate', 'false', kept),
  whole('long', 'file.delete.delay.ms', '60000', 0, kept),
  whole('long', 'flush.messages', int64Max, 1, 'Every acknowledged record is synced, whatever is set here.'),
  whole('long', 'flush.ms', int64Max, 0, 'Every acknowledged record is synced, whatever is set here.'),
]

/** The configs that a topic can have, by name. */
export const topicConfigs: ReadonlyMap<string, TopicConfig> = new Map(table.map(config => [config.name, config]))

/** What the log itself needs to know of a topic's configs. Times in ms, −1 = none; sizes in bytes, −1 = none. */
export type TopicSettings = {
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly maxMessageBytes: number
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  /** 'compact' is among the policies: a record without a key is refused. */
  readonly compacted: boolean
  /** 'delete' is among the policies: retention applies. */
  readonly deleted: boolean
}

/** Throws 'log.invalid-config' for a name that is unknown or a value that is not accepted. */
export function checkConfigs(configs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(configs)) {
    const config = topicConfigs.get(name)
    if (!config)
      throw logErrors.create('log.invalid-config', { config: name, reason: 'there is no topic config of this name' })
    if (!config.accepts(value)) {
      throw logErrors.create('log.invalid-config', {
        config: name,
        value: value.slice(0, 100),
        accepted: config.accepted,
      })
    }
  }
}

/** The settings that follow from what was set on a topic and from the defaults. Throws as {@link checkConfigs}. */
export function resolveConfig(configs: Readonly<Record<string, string>>): TopicSettings {
  checkConfigs(configs)
  const effective = (name: string): string => configs[name] ?? topicConfigs.get(name)!.default
  const policies = partsOf(effective('cleanup.policy'))
  return {
    retentionMs: Number(effective('retention.ms')),
    retentionBytes: Number(effective('retention.bytes')),
    maxMessageBytes: Number(effective('max.message.bytes')),
    timestampBeforeMaxMs: Number(effective('message.timestamp.before.max.ms')),
    timestampAfterMaxMs: Number(effective('message.timestamp.after.max.ms')),
    compacted: policies.includes('compact'),
    deleted: policies.includes('delete'),
  }
}
