/** Against an independent implementation: what kafkajs encodes is read here, what is written here it decodes. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { decodeRequest, encodeRequest, encodeResponse, readRequestHeader } from '../src/codec/messages.ts'
import type { Api, RequestToSend, ResponseOf } from '../src/codec/schema.ts'
import { apis } from '../src/messages/index.ts'
import { distinctValue, leavesOf, missing } from './leaves.ts'
import { layoutOf } from './values.ts'

type KafkajsRequest = (params: unknown) => { encode(): Promise<{ readonly buffer: Buffer }> }
type KafkajsResponse = { decode(body: Buffer): Promise<unknown> }

const require = createRequire(import.meta.url)
const protocol = 'kafkajs/src/protocol/requests'

/** Requests as kafkajs is asked for them: the parameters of all versions together. */
const requests: {
  readonly [api: string]: { readonly folder: string; readonly versions: [number, number]; readonly params: unknown }
} = {
  Produce: {
    folder: 'produce',
    versions: [0, 7],
    params: {
      acks: -1,
      timeout: 30_001,
      transactionalId: 'transaction',
      topicData: [
        {
          topic: 'orders',
          partitions: [{ partition: 41, firstSequence: 0, messages: [{ key: 'k', value: 'v', timestamp: 1 }] }],
        },
      ],
    },
  },
  Fetch: {
    folder: 'fetch',
    versions: [4, 11],
    params: {
      replicaId: -1,
      maxWaitTime: 501,
      minBytes: 502,
      maxBytes: 503,
      isolationLevel: 1,
      sessionId: 504,
      sessionEpoch: 505,
      topics: [{ topic: 'orders', partitions: [{ partition: 7, fetchOffset: '4294967299', maxBytes: 506 }] }],
      forgottenTopics: [{ topic: 'gone', partitions: [8, 9] }],
      rackId: 'rack',
    },
  },
  ListOffsets: {
    folder: 'listOffsets',
    versions: [1, 3],
    params: {
      replicaId: -1,
      isolationLevel: 1,
      topics: [{ topic: 'orders', partitions: [{ partition: 7, timestamp: '1700000000000' }] }],
    },
  },
  Metadata: {
    folder: 'metadata',
    versions: [0, 6],
    params: { topics: ['orders', 'refunds'], allowAutoTopicCreation: false },
  },
  OffsetCommit: {
    folder: 'offsetCommit',
    versions: [0, 5],
    params: {
      groupId: 'group',
      groupGenerationId: 11,
      memberId: 'member',
      retentionTime: '86400000',
      topics: [
        { topic: 'orders', partitions: [{ partition: 7, offset: '4294967299', timestamp: '12', metadata: 'note' }] },
      ],
    },
  },
  OffsetFetch: {
    folder: 'offsetFetch',
    versions: [1, 4],
    params: { groupId: 'group', topics: [{ topic: 'orders', partitions: [{ partition: 7 }, { partition: 8 }] }] },
  },
  FindCoordinator: {
    folder: 'findCoordinator',
    versions: [0, 2],
    params: { groupId: 'group', coordinatorKey: 'group', coordinatorType: 0 },
  },
  JoinGroup: {
    folder: 'joinGroup',
    versions: [0, 5],
    params: {
      groupId: 'group',
      sessionTimeout: 10_001,
      rebalanceTimeout: 10_002,
      memberId: 'member',
      groupInstanceId: 'instance',
      protocolType: 'consumer',
      groupProtocols: [{ name: 'range', metadata: Buffer.from('subscription') }],
    },
  },
  Heartbeat: {
    folder: 'heartbeat',
    versions: [0, 3],
    params: { groupId: 'group', groupGenerationId: 11, memberId: 'member', groupInstanceId: 'instance' },
  },
  LeaveGroup: {
    folder: 'leaveGroup',
    versions: [0, 3],
    params: { groupId: 'group', memberId: 'member', members: [{ memberId: 'member', groupInstanceId: 'instance' }] },
  },
  SyncGroup: {
    folder: 'syncGroup',
    versions: [0, 3],
    params: {
      groupId: 'group',
      generationId: 11,
      memberId: 'member',
      groupInstanceId: 'instance',
      groupAssignment: [{ memberId: 'other', memberAssignment: Buffer.from('assignment') }],
    },
  },
  DescribeGroups: { folder: 'describeGroups', versions: [0, 2], params: { groupIds: ['group', 'other'] } },
  ListGroups: { folder: 'listGroups', versions: [0, 2], params: {} },
  ApiVersions: { folder: 'apiVersions', versions: [0, 2], params: {} },
  CreateTopics: {
    folder: 'createTopics',
    versions: [0, 3],
    params: {
      topics: [
        {
          topic: 'orders',
          numPartitions: 6,
          replicationFactor: 3,
          replicaAssignment: [{ partition: 1, replicas: [4, 5] }],
          configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
        },
      ],
      validateOnly: true,
      timeout: 5001,
    },
  },
  DeleteTopics: { folder: 'deleteTopics', versions: [0, 1], params: { topics: ['orders'], timeout: 5001 } },
  DeleteRecords: {
    folder: 'deleteRecords',
    versions: [0, 1],
    params: { topics: [{ topic: 'orders', partitions: [{ partition: 7, offset: '4294967299' }] }], timeout: 5001 },
  },
  InitProducerId: {
    folder: 'initProducerId',
    versions: [0, 1],
    params: { transactionalId: 'transaction', transactionTimeout: 60_001 },
  },
  DescribeConfigs: {
    folder: 'describeConfigs',
    versions: [0, 2],
    params: { resources: [{ type: 2, name: 'orders', configNames: ['cleanup.policy'] }], includeSynonyms: true },
  },
  CreatePartitions: {
    folder: 'createPartitions',
    versions: [0, 1],
    params: {
      topicPartitions: [{ topic: 'orders', count: 9, assignments: [[4, 5]] }],
      timeout: 5001,
      validateOnly: true,
    },
  },
  DeleteGroups: { folder: 'deleteGroups', versions: [0, 1], params: ['group', 'other'] },
}

for (const api of apis.filter(each => requests[each.name] !== undefined)) {
  const { folder, versions, params } = requests[api.name]!
  const numbers = Array.from({ length: versions[1] - versions[0] + 1 }, (_, i) => versions[0] + i)
  describe(`${api.name} as kafkajs has it, v${versions[0]} to v${versions[1]}`, () => {
    test('requests', async () => {
      for (const version of numbers) await checkRequest(api, version, folder, params)
    })
    test('responses', async () => {
      for (const version of numbers) await checkResponse(api, version, folder, params)
    })
  })
}

async function checkRequest(api: Api, version: number, folder: string, params: unknown): Promise<void> {
  const create = require(`${protocol}/${folder}/v${version}/request`) as KafkajsRequest
  const { buffer } = await create(params).encode()
  const value = decodeRequest(api, version, buffer, 0, buffer.length)
  // Written again it is the same bytes, and it holds what went in.
  const header = { correlationId: 1, clientId: null }
  const frame = Buffer.concat(encodeRequest(api, version, header, value as RequestToSend<Api>).pieces).subarray(4)
  const body = frame.subarray(readRequestHeader(frame, 0, frame.length).bodyStart)
  assert.equal(body.toString('hex'), Buffer.from(buffer).toString('hex'), `v${version}`)
  const absent = missing(leavesOf(value), [...leavesOf(params), ...defaults])
  if (api.name !== 'Produce') assert.deepEqual(absent, [], `v${version}: read, but not sent`)
}

/** Fields that kafkajs fills in by itself, and those that the version does not have. */
const defaults = Array.from({ length: 8 }, () => [
  '-1',
  '0',
  '1',
  '',
  '60000',
  '2147483647',
  String(2 ** 63),
  'AAAAAAAAAAAAAAAAAAAAAA',
]).flat()

async function checkResponse(api: Api, version: number, folder: string, params: unknown): Promise<void> {
  const module = require(`${protocol}/${folder}/v${version}/response`) as
    | KafkajsResponse
    | ((params: unknown) => KafkajsResponse)
  const { decode } = typeof module === 'function' ? module(params) : module // DeleteRecords wants to know its request
  const value = distinctValue(api.response, layoutOf(api, version))
  const frame = Buffer.concat(encodeResponse(api, version, 1, value as ResponseOf<Api>).pieces)
  const decoded = await decode(frame.subarray(8))
  assert.deepEqual(missing(leavesOf(value), leavesOf(decoded)), [], `v${version}: written, but not read by kafkajs`)
}
