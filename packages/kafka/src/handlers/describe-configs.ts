import type { Log } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { describeConfigs } from '../messages/index.ts'
import { type Refused, refused } from './log-error.ts'
import type { HandlerOptions } from './options.ts'
import { type ConfigEntry, configEntries, configSource } from './topic-results.ts'

type Request = RequestOf<typeof describeConfigs>
type Asked = Request['resources'][number]
type Answered = ResponseOf<typeof describeConfigs>['results'][number]

export const resourceType = { topic: 2, broker: 4 } as const

export function describeConfigsHandler(options: HandlerOptions): Handler<typeof describeConfigs> {
  const answer = (asked: Asked, request: Request): Answered => {
    const { resourceType, resourceName, configurationKeys } = asked
    const entries = entriesOf(asked, options)
    if ('errorCode' in entries) return { ...entries, resourceType, resourceName, configs: [] }
    // Null asks for all; so does an empty list, from clients that know no null.
    const keys = configurationKeys === null || configurationKeys.length === 0 ? undefined : new Set(configurationKeys)
    const configs = entries.filter(({ name }) => keys === undefined || keys.has(name))
    const written = configs.map(config => describe(config, request))
    return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName, configs: written }
  }
  return handler(describeConfigs, request => ({
    throttleTimeMs: 0,
    results: request.resources.map(asked => answer(asked, request)),
  }))
}

function entriesOf({ resourceType: type, resourceName }: Asked, options: HandlerOptions): ConfigEntry[] | Refused {
  if (type === resourceType.topic) return topicEntries(options.log, resourceName)
  if (type === resourceType.broker) return brokerEntries(resourceName, options)
  return refused('INVALID_REQUEST', `Resource type ${type} is not served; accepted are 2 (topic) and 4 (broker)`)
}

function topicEntries(log: Log, name: string): ConfigEntry[] | Refused {
  const topic = log.topic(name)
  return topic === undefined ? refused('UNKNOWN_TOPIC_OR_PARTITION', `There is no topic ${name}`) : configEntries(topic)
}

/** What of the broker's settings goes by a name of Kafka's. They are set where the broker is started. */
function brokerEntries(name: string, options: HandlerOptions): ConfigEntry[] | Refused {
  const { node, limits } = options
  if (name !== '' && name !== String(node.nodeId)) {
    return refused('INVALID_REQUEST', `There is no broker ${name}; the only one is ${node.nodeId}`)
  }
  const entry = (config: string, value: string | number | boolean, configType: number, documentation: string) => ({
    name: config,
    value: String(value),
    readOnly: true,
    configSource: configSource.staticBroker,
    isSensitive: false,
    configType,
    documentation,
  })
  const [boolean, int, long] = [1, 3, 5]
  return [
    entry('broker.id', node.nodeId, int, 'Number of this broker.'),
    entry('node.id', node.nodeId, int, 'Number of this broker.'),
    entry('auto.create.topics.enable', options.autoCreateTopics, boolean, 'Topics are made when clients ask for them.'),
    entry('num.partitions', options.defaultPartitions, int, 'Partitions of topics that are made without a number.'),
    entry(
      'default.replication.factor',
      1,
      int,
      'There is one copy of each partition, synced before it is acknowledged.',
    ),
    entry('offsets.topic.replication.factor', 1, int, 'Committed offsets are kept in the same log.'),
    entry('socket.request.max.bytes', limits.frameBytesMax, int, 'Largest request.'),
    entry('connections.max.idle.ms', limits.idleConnectionMsMax, long, 'When an idle connection is closed.'),
    entry('fetch.max.bytes', limits.fetchBytesMax, int, 'Largest Fetch response.'),
    entry('max.incremental.fetch.session.cache.slots', limits.fetchSessionsMax, int, 'Fetch sessions that are kept.'),
  ]
}

function describe(
  config: ConfigEntry,
  { includeSynonyms, includeDocumentation }: Request,
): Answered['configs'][number] {
  const { name, value, configSource: source } = config
  return {
    ...config,
    isDefault: source === configSource.default,
    synonyms: includeSynonyms ? [{ name, value, source }] : [],
    documentation: includeDocumentation ? config.documentation : null,
  }
}
