import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  apis,
  apiVersions,
  createPartitions,
  createTopics,
  deleteRecords,
  deleteTopics,
  describeCluster,
  describeConfigs,
  describeLogDirs,
  describeTopicPartitions,
  errorName,
  incrementalAlterConfigs,
  type KafkaConnection,
  listOffsets,
  metadata,
  type RequestToSend,
} from '../src/index.ts'
import { fetchFrom, makeTopic, produceTo, startBroker } from './support/broker.ts'

type NewTopic = RequestToSend<typeof createTopics>['topics'][number]

const newTopic = (name: string, more: Partial<NewTopic> = {}): NewTopic => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...more,
})

async function create(client: KafkaConnection, topic: NewTopic, validateOnly = false): Promise<string> {
  const { topics } = await client.send(createTopics, 7, { topics: [topic], validateOnly })
  const { errorCode, errorMessage } = topics[0]!
  assert.equal(errorMessage === null, errorCode === 0)
  return errorName(errorCode)
}

async function names(client: KafkaConnection): Promise<(string | null)[]> {
  return (await client.send(metadata, 12, { topics: null })).topics.map(({ name }) => name).sort()
}

test('N8: exactly the APIs that are handled are advertised, in every version of ApiVersions', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  for (let version = 0; version <= 4; version++) {
    const request = { clientSoftwareName: 'test', clientSoftwareVersion: '1' }
    const { errorCode, apiKeys } = await client.send(apiVersions, version, request)
    assert.equal(errorCode, 0)
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      assert.deepEqual(apis.find(({ key }) => key === apiKey)?.versions, [minVersion, maxVersion])
    }
    assert.equal(apiKeys.length, apis.length)
    for (const key of [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 32, 37, 42, 47, 60]) {
      assert.ok(
        apiKeys.some(({ apiKey }) => apiKey === key),
        `API ${key}`,
      )
    }
  }
})

test('metadata in every version: one broker that leads everything', async t => {
  const { connect, port } = await startBroker(t)
  const client = await connect()
  const { topicId } = await makeTopic(client, 'known', 3)
  for (let version = 0; version <= 13; version++) {
    const all = await client.send(metadata, version, { topics: version === 0 ? [] : null })
    assert.partialDeepStrictEqual(all.brokers, [{ nodeId: 1, host: '127.0.0.1', port, rack: null }])
    assert.equal(all.controllerId, version >= 1 ? 1 : -1)
    assert.equal(all.clusterId?.length, version >= 2 ? 22 : undefined)
    const [topic] = all.topics
    assert.equal(topic!.name, 'known')
    assert.equal(topic!.topicId === topicId, version >= 10)
    assert.deepEqual(
      topic!.partitions.map(({ partitionIndex }) => partitionIndex),
      [0, 1, 2],
    )
    const { leaderId, replicaNodes, isrNodes, offlineReplicas } = topic!.partitions[0]!
    assert.deepEqual([leaderId, replicaNodes, isrNodes, offlineReplicas], [1, [1], [1], []])
    if (version >= 1) assert.deepEqual((await client.send(metadata, version, { topics: [] })).topics, [])
  }
  const byId = await client.send(metadata, 12, { topics: [{ topicId, name: null }] })
  assert.equal(byId.topics[0]!.name, 'known')
  const unknownId = await client.send(metadata, 12, { topics: [{ topicId: '4LjI3y2aTXyVWrJcRm4-LQ', name: null }] })
  assert.equal(errorName(unknownId.topics[0]!.errorCode), 'UNKNOWN_TOPIC_ID')
})

test('a missing topic is made when client and broker both allow it, and answered with at once', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  const ask = async (name: string, allowAutoTopicCreation: boolean, version = 12) => {
    const { topics } = await client.send(metadata, version, { topics: [{ name }], allowAutoTopicCreation })
    return [errorName(topics[0]!.errorCode), topics[0]!.partitions.length]
  }
  assert.deepEqual(await ask('new', false), ['UNKNOWN_TOPIC_OR_PARTITION', 0])
  assert.deepEqual(await ask('new', true), ['NONE', 1])
  assert.deepEqual(await ask('new', false), ['NONE', 1])
  assert.deepEqual(await ask('old-version', false, 3), ['NONE', 1])
  assert.deepEqual(await ask('not/valid', true), ['INVALID_TOPIC_EXCEPTION', 0])
  const both = await Promise.all([
    ask('race', true),
    connect().then(() => ask('race', true)),
    create(client, newTopic('race')),
  ])
  assert.deepEqual(both.slice(0, 2), [
    ['NONE', 1],
    ['NONE', 1],
  ])
  const twice = await client.send(metadata, 12, { topics: [{ name: 'new' }, { name: 'new' }] })
  assert.equal(twice.topics.length, 1)
})

test('with automatic creation switched off nothing is made', async t => {
  const { connect } = await startBroker(t, { autoCreateTopics: false })
  const client = await connect()
  const { topics } = await client.send(metadata, 12, { topics: [{ name: 'new' }], allowAutoTopicCreation: true })
  assert.equal(errorName(topics[0]!.errorCode), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.deepEqual(await names(client), [])
})

const refusedTopics: [what: string, error: string, topic: NewTopic][] = [
  ['a name that exists', 'TOPIC_ALREADY_EXISTS', newTopic('there')],
  ['an invalid name', 'INVALID_TOPIC_EXCEPTION', newTopic('no blanks')],
  ['no partitions', 'INVALID_PARTITIONS', newTopic('x', { numPartitions: 0 })],
  ['negative partitions', 'INVALID_PARTITIONS', newTopic('x', { numPartitions: -2 })],
  ['three replicas', 'INVALID_REPLICATION_FACTOR', newTopic('x', { replicationFactor: 3 })],
  ['no replica', 'INVALID_REPLICATION_FACTOR', newTopic('x', { replicationFactor: 0 })],
  ['an unknown config', 'INVALID_CONFIG', newTopic('x', { configs: [{ name: 'nonsense', value: '1' }] })],
  ['a bad config', 'INVALID_CONFIG', newTopic('x', { configs: [{ name: 'retention.ms', value: 'soon' }] })],
  ['a null config', 'INVALID_CONFIG', newTopic('x', { configs: [{ name: 'retention.ms', value: null }] })],
  [
    'another broker',
    'INVALID_REPLICA_ASSIGNMENT',
    newTopic('x', { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [2] }] }),
  ],
  [
    'a gap in the assignments',
    'INVALID_REPLICA_ASSIGNMENT',
    newTopic('x', { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 1, brokerIds: [1] }] }),
  ],
  [
    'assignments and a number',
    'INVALID_REQUEST',
    newTopic('x', { assignments: [{ partitionIndex: 0, brokerIds: [1] }] }),
  ],
]

test('topics are created, and what cannot be is said with a reason, also when only asked', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  assert.equal(await create(client, newTopic('there')), 'NONE')
  for (const [what, error, topic] of refusedTopics) {
    assert.equal(await create(client, topic), error, what)
    assert.equal(await create(client, topic, true), error, `${what}, only asked`)
  }
  assert.equal(await create(client, newTopic('asked'), true), 'NONE')
  assert.deepEqual(await names(client), ['there'])

  const { topics } = await client.send(createTopics, 7, {
    topics: [
      newTopic('defaults', { numPartitions: -1, replicationFactor: -1 }),
      newTopic('assigned', {
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [
          { partitionIndex: 1, brokerIds: [1] },
          { partitionIndex: 0, brokerIds: [1] },
        ],
        configs: [{ name: 'retention.ms', value: '5000' }],
      }),
      newTopic('twice'),
      newTopic('twice'),
    ],
  })
  assert.deepEqual(
    topics.map(({ name, errorCode, numPartitions }) => [name, errorName(errorCode), numPartitions]),
    [
      ['defaults', 'NONE', 1],
      ['assigned', 'NONE', 2],
      ['twice', 'INVALID_REQUEST', -1],
      ['twice', 'INVALID_REQUEST', -1],
    ],
  )
  const retention = topics[1]!.configs!.find(({ name }) => name === 'retention.ms')
  assert.partialDeepStrictEqual(retention, { value: '5000', configSource: 1, readOnly: false })
  for (let version = 0; version <= 6; version++) {
    const old = await client.send(createTopics, version, { topics: [newTopic(`v${version}`)] })
    assert.equal(old.topics[0]!.errorCode, 0)
  }
})

test('topics are deleted by name and by id', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  for (let version = 0; version <= 5; version++) {
    await makeTopic(client, 'doomed')
    const { responses } = await client.send(deleteTopics, version, { topicNames: ['doomed', 'missing'], timeoutMs: 1 })
    assert.deepEqual(
      responses.map(({ errorCode }) => errorName(errorCode)),
      ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION'],
    )
  }
  const { topicId } = await makeTopic(client, 'by-id')
  await makeTopic(client, 'by-name')
  const { responses } = await client.send(deleteTopics, 6, {
    topics: [
      { name: null, topicId },
      { name: 'by-name', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { name: null, topicId },
    ],
    timeoutMs: 1,
  })
  assert.deepEqual(
    responses.slice(0, 2).map(({ name, errorCode }) => [name, errorName(errorCode)]),
    [
      ['by-id', 'NONE'],
      ['by-name', 'NONE'],
    ],
  )
  assert.deepEqual(await names(client), [])
  assert.equal(errorName((await fetchFrom(client, 'by-name')).errorCode), 'UNKNOWN_TOPIC_OR_PARTITION')
})

test('partitions are added, never taken away', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'grows', 2)
  const ask = async (name: string, count: number, more: { brokers?: number[][]; validateOnly?: boolean } = {}) => {
    const assignments = more.brokers?.map(brokerIds => ({ brokerIds })) ?? null
    const { results } = await client.send(createPartitions, 3, {
      topics: [{ name, count, assignments }],
      timeoutMs: 1_000,
      validateOnly: more.validateOnly ?? false,
    })
    return errorName(results[0]!.errorCode)
  }
  assert.equal(await ask('grows', 2), 'INVALID_PARTITIONS')
  assert.equal(await ask('grows', 1), 'INVALID_PARTITIONS')
  assert.equal(await ask('missing', 4), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await ask('grows', 4, { brokers: [[1]] }), 'INVALID_REPLICA_ASSIGNMENT')
  assert.equal(await ask('grows', 3, { brokers: [[5]] }), 'INVALID_REPLICA_ASSIGNMENT')
  assert.equal(await ask('grows', 5, { validateOnly: true }), 'NONE')
  assert.equal(await ask('grows', 4, { brokers: [[1], [1]] }), 'NONE')
  const { topics } = await client.send(metadata, 12, { topics: [{ name: 'grows' }] })
  assert.equal(topics[0]!.partitions.length, 4)
})

test('configs are described with where they come from, and changed one by one', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'configured', 1, { 'retention.ms': '1000' })
  const describe = async (resourceType: number, resourceName: string, keys: string[] | null, version = 4) => {
    const resources = [{ resourceType, resourceName, configurationKeys: keys }]
    const request = { resources, includeSynonyms: true, includeDocumentation: true }
    return (await client.send(describeConfigs, version, request)).results[0]!
  }
  const value = async (name: string) => (await describe(2, 'configured', [name])).configs[0]?.value
  for (let version = 0; version <= 4; version++) {
    const [retention] = (await describe(2, 'configured', ['retention.ms'], version)).configs
    assert.equal(retention!.value, '1000')
    if (version >= 1) assert.equal(retention!.configSource, 1)
    if (version >= 3) assert.ok(retention!.documentation!.length > 10)
  }
  assert.ok((await describe(2, 'configured', null)).configs.length > 15)
  assert.equal(errorName((await describe(2, 'missing', null)).errorCode), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(errorName((await describe(4, '9', null)).errorCode), 'INVALID_REQUEST')
  assert.equal(errorName((await describe(8, '1', null)).errorCode), 'INVALID_REQUEST')
  assert.equal((await describe(4, '1', ['num.partitions'])).configs[0]!.value, '1')

  const alter = async (
    configs: [string, number, string | null][],
    more: { type?: number; name?: string; validateOnly?: boolean } = {},
  ) => {
    const { type = 2, name = 'configured', validateOnly = false } = more
    const changes = configs.map(([config, configOperation, to]) => ({ name: config, configOperation, value: to }))
    const resources = [{ resourceType: type, resourceName: name, configs: changes }]
    const { responses } = await client.send(incrementalAlterConfigs, 1, { resources, validateOnly })
    return errorName(responses[0]!.errorCode)
  }
  assert.equal(await alter([['retention.ms', 0, '2000']]), 'NONE')
  assert.equal(await alter([['retention.ms', 0, '3000']], { validateOnly: true }), 'NONE')
  assert.equal(await value('retention.ms'), '2000')
  assert.equal(await alter([['cleanup.policy', 2, 'compact']]), 'NONE')
  assert.equal(await value('cleanup.policy'), 'delete,compact')
  assert.equal(
    await alter([
      ['cleanup.policy', 3, 'delete'],
      ['retention.ms', 1, null],
    ]),
    'NONE',
  )
  assert.equal(await value('cleanup.policy'), 'compact')
  assert.equal(await value('retention.ms'), '604800000')
  assert.equal(await alter([['retention.ms', 0, 'soon']]), 'INVALID_CONFIG')
  assert.equal(await alter([['retention.ms', 2, '1']]), 'INVALID_CONFIG')
  assert.equal(await alter([['nonsense', 0, '1']]), 'INVALID_CONFIG')
  assert.equal(await alter([['retention.ms', 0, null]]), 'INVALID_REQUEST')
  assert.equal(await alter([['retention.ms', 9, '1']]), 'INVALID_REQUEST')
  assert.equal(
    await alter([
      ['retention.ms', 0, '1'],
      ['retention.ms', 1, null],
    ]),
    'INVALID_REQUEST',
  )
  assert.equal(await alter([['retention.ms', 0, '1']], { name: 'missing' }), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await alter([['retention.ms', 0, '1']], { type: 4, name: '1' }), 'INVALID_REQUEST')
  const together = await Promise.all([alter([['segment.ms', 0, '5000']]), alter([['preallocate', 0, 'true']])])
  assert.deepEqual(together, ['NONE', 'NONE'])
  assert.deepEqual([await value('segment.ms'), await value('preallocate')], ['5000', 'true'])
})

test('log directories list what exists, without sizes that nobody knows', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'a', 2)
  for (let version = 0; version <= 4; version++) {
    const { results } = await client.send(describeLogDirs, version, { topics: null })
    assert.equal(results.length, 1)
    assert.deepEqual(
      results[0]!.topics[0]!.partitions.map(({ partitionIndex, partitionSize }) => [partitionIndex, partitionSize]),
      [
        [0, -1],
        [1, -1],
      ],
    )
  }
  const topics = [
    { topic: 'a', partitions: [1, 7] },
    { topic: 'missing', partitions: [0] },
  ]
  const { results } = await client.send(describeLogDirs, 4, { topics })
  assert.deepEqual(
    results[0]!.topics.map(({ name, partitions }) => [name, partitions.length]),
    [['a', 1]],
  )
})

test('the cluster is one broker', async t => {
  const { connect, port } = await startBroker(t)
  const client = await connect()
  const ask = (endpointType: number, version: number) =>
    client.send(describeCluster, version, { includeClusterAuthorizedOperations: true, endpointType })
  for (let version = 0; version <= 2; version++) {
    const { errorCode, controllerId, brokers, clusterId } = await ask(1, version)
    assert.deepEqual([errorCode, controllerId, clusterId.length], [0, 1, 22])
    assert.partialDeepStrictEqual(brokers, [{ brokerId: 1, host: '127.0.0.1', port }])
  }
  assert.equal(errorName((await ask(2, 1)).errorCode), 'UNSUPPORTED_ENDPOINT_TYPE')
})

test('topics are described a page at a time', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  for (const [name, partitions] of [
    ['b', 3],
    ['a', 2],
    ['c', 1],
  ] as const)
    await makeTopic(client, name, partitions)
  const seen: string[] = []
  let cursor: { topicName: string; partitionIndex: number } | null = null
  let pages = 0
  do {
    const page: Awaited<ReturnType<typeof describe>> = await describe(client, [], 2, cursor)
    for (const { name, partitions } of page.topics)
      seen.push(...partitions.map(each => `${name}${each.partitionIndex}`))
    cursor = page.nextCursor
    pages++
  } while (cursor !== null)
  assert.deepEqual(seen, ['a0', 'a1', 'b0', 'b1', 'b2', 'c0'])
  assert.equal(pages, 3)
  const named = await describe(client, ['c', 'missing'], 2_000, null)
  assert.deepEqual(
    named.topics.map(({ name, errorCode }) => [name, errorName(errorCode)]),
    [
      ['c', 'NONE'],
      ['missing', 'UNKNOWN_TOPIC_OR_PARTITION'],
    ],
  )
})

function describe(
  client: KafkaConnection,
  topics: string[],
  limit: number,
  cursor: { topicName: string; partitionIndex: number } | null,
) {
  const request = { topics: topics.map(name => ({ name })), responsePartitionLimit: limit, cursor }
  return client.send(describeTopicPartitions, 0, request)
}

test('records are deleted up to an offset, never beyond the high watermark', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'shrinks')
  for (let n = 0; n < 4; n++) await produceTo(client, 'shrinks')
  const ask = async (offset: number, partitionIndex = 0) => {
    const topics = [{ name: 'shrinks', partitions: [{ partitionIndex, offset }] }]
    const { errorCode, lowWatermark } = (await client.send(deleteRecords, 2, { topics, timeoutMs: 1_000 })).topics[0]!
      .partitions[0]!
    return [errorName(errorCode), lowWatermark]
  }
  assert.deepEqual(await ask(2), ['NONE', 2])
  assert.deepEqual(await ask(1), ['NONE', 2])
  assert.deepEqual(await ask(5), ['OFFSET_OUT_OF_RANGE', -1])
  assert.deepEqual(await ask(-2), ['OFFSET_OUT_OF_RANGE', -1])
  assert.deepEqual(await ask(0, 3), ['UNKNOWN_TOPIC_OR_PARTITION', -1])
  assert.equal(errorName((await fetchFrom(client, 'shrinks', { offset: 1 })).errorCode), 'OFFSET_OUT_OF_RANGE')
  assert.deepEqual(await ask(-1), ['NONE', 4])
  const request = { replicaId: -1, topics: [{ name: 'shrinks', partitions: [{ partitionIndex: 0, timestamp: -2 }] }] }
  assert.equal((await client.send(listOffsets, 7, request)).topics[0]!.partitions[0]!.offset, 4)
})
