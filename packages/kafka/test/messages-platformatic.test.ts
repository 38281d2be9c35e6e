/** Against a second independent implementation, which knows the newer versions: @platformatic/kafka. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { decodeRequest, encodeRequest, encodeResponse, readRequestHeader } from '../src/codec/messages.ts'
import type { Api, RequestToSend, ResponseOf } from '../src/codec/schema.ts'
import { apis } from '../src/messages/index.ts'
import { uuidFromKafka } from '../src/uuid.ts'
import { distinctValue, leavesOf, missing } from './leaves.ts'
import { layoutOf } from './values.ts'

type Module = {
  createRequest(...parameters: readonly unknown[]): { readonly buffer: Buffer }
  /** Not exported where a module uses that of another version. */
  readonly parseResponse?: (correlationId: number, apiKey: number, apiVersion: number, reader: unknown) => unknown
}

const directory = dirname(createRequire(import.meta.url).resolve('@platformatic/kafka'))
const load = async (path: string): Promise<unknown> => import(pathToFileURL(join(directory, path)).href)
const { Reader } = (await load('protocol/reader.js')) as { Reader: { from(buffer: Buffer): unknown } }

const topicId = uuidFromKafka('4LjI3y2aTXyVWrJcRm4-LQ')!

/** Where the modules lie, the versions there are, and the parameters of a request in the last of them. */
const messages: { readonly [api: string]: { path: string; versions: [number, number]; request: readonly unknown[] } } =
  {
    Produce: {
      path: 'producer/produce',
      versions: [3, 11],
      request: [
        -1,
        30_001,
        [{ topic: 'orders', partition: 41, value: Buffer.from('v') }],
        { transactionalId: 'transaction' },
      ],
    },
    Fetch: {
      path: 'consumer/fetch',
      versions: [4, 17],
      request: [
        501,
        502,
        503,
        1,
        504,
        505,
        [
          {
            topicId,
            partitions: [
              {
                partition: 7,
                currentLeaderEpoch: 506,
                fetchOffset: 4_294_967_299n,
                lastFetchedEpoch: 507,
                partitionMaxBytes: 508,
                replicaDirectoryId: topicId,
              },
            ],
          },
        ],
        [{ topicId, partitions: [8, 9] }],
        'rack',
      ],
    },
    ListOffsets: {
      path: 'consumer/list-offsets',
      versions: [1, 9],
      request: [
        -1,
        1,
        [{ name: 'orders', partitions: [{ partitionIndex: 7, currentLeaderEpoch: 3, timestamp: 1_700_000_000_000n }] }],
      ],
    },
    Metadata: {
      path: 'metadata/metadata',
      versions: [0, 12],
      request: [['orders', { topicId, name: null }], false, true],
    },
    OffsetCommit: {
      path: 'consumer/offset-commit',
      versions: [0, 9],
      request: [
        'group',
        11,
        'member',
        'instance',
        [
          {
            name: 'orders',
            partitions: [
              {
                partitionIndex: 7,
                committedOffset: 4_294_967_299n,
                committedLeaderEpoch: 3,
                committedMetadata: 'note',
              },
            ],
          },
        ],
      ],
    },
    OffsetFetch: {
      path: 'consumer/offset-fetch',
      versions: [0, 9],
      request: [
        [
          {
            groupId: 'group',
            memberId: 'member',
            memberEpoch: 5,
            topics: [{ name: 'orders', partitionIndexes: [7, 8] }],
          },
        ],
        true,
      ],
    },
    FindCoordinator: { path: 'metadata/find-coordinator', versions: [0, 6], request: [1, ['group', 'other']] },
    JoinGroup: {
      path: 'consumer/join-group',
      versions: [0, 9],
      request: [
        'group',
        10_001,
        10_002,
        'member',
        'instance',
        'consumer',
        [{ name: 'range', metadata: Buffer.from('subscription') }],
        'because',
      ],
    },
    Heartbeat: { path: 'consumer/heartbeat', versions: [0, 4], request: ['group', 11, 'member', 'instance'] },
    LeaveGroup: {
      path: 'consumer/leave-group',
      versions: [0, 5],
      request: ['group', [{ memberId: 'member', groupInstanceId: 'instance', reason: 'because' }]],
    },
    SyncGroup: {
      path: 'consumer/sync-group',
      versions: [0, 5],
      request: [
        'group',
        11,
        'member',
        'instance',
        'consumer',
        'range',
        [{ memberId: 'other', assignment: Buffer.from('assignment') }],
      ],
    },
    DescribeGroups: { path: 'admin/describe-groups', versions: [0, 5], request: [['group', 'other'], true] },
    ListGroups: { path: 'admin/list-groups', versions: [0, 5], request: [['Stable'], ['classic']] },
    ApiVersions: { path: 'metadata/api-versions', versions: [0, 4], request: ['client', '1.2.3'] },
    CreateTopics: {
      path: 'admin/create-topics',
      versions: [0, 7],
      request: [
        [
          {
            name: 'orders',
            numPartitions: 6,
            replicationFactor: 3,
            assignments: [{ partitionIndex: 1, brokerIds: [4, 5] }],
            configs: [{ name: 'cleanup.policy', value: 'compact' }],
          },
        ],
        5001,
        true,
      ],
    },
    DeleteTopics: { path: 'admin/delete-topics', versions: [0, 6], request: [[{ name: 'orders', topicId }], 5001] },
    DeleteRecords: {
      path: 'admin/delete-records',
      versions: [0, 2],
      request: [[{ name: 'orders', partitions: [{ partitionIndex: 7, offset: 4_294_967_299n }] }], 5001],
    },
    InitProducerId: {
      path: 'producer/init-producer-id',
      versions: [0, 5],
      request: ['transaction', 60_001, 4_294_967_299n, 9],
    },
    OffsetForLeaderEpoch: {
      path: 'consumer/offset-for-leader-epoch',
      versions: [0, 4],
      request: [-1, [{ name: 'orders', partitions: [{ partitionIndex: 7, currentLeaderEpoch: 3, leaderEpoch: 2 }] }]],
    },
    DescribeConfigs: {
      path: 'admin/describe-configs',
      versions: [0, 4],
      request: [[{ resourceType: 2, resourceName: 'orders', configurationKeys: ['cleanup.policy'] }], true, true],
    },
    DescribeLogDirs: {
      path: 'admin/describe-log-dirs',
      versions: [0, 4],
      request: [[{ name: 'orders', partitions: [7, 8] }]],
    },
    CreatePartitions: {
      path: 'admin/create-partitions',
      versions: [0, 3],
      request: [[{ name: 'orders', count: 9, assignments: [{ brokerIds: [4, 5] }] }], 5001, true],
    },
    DeleteGroups: { path: 'admin/delete-groups', versions: [0, 2], request: [['group', 'other']] },
    IncrementalAlterConfigs: {
      path: 'admin/incremental-alter-configs',
      versions: [0, 1],
      request: [
        [
          {
            resourceType: 2,
            resourceName: 'orders',
            configs: [{ name: 'cleanup.policy', configOperation: 1, value: 'compact' }],
          },
        ],
        true,
      ],
    },
    OffsetDelete: {
      path: 'admin/offset-delete',
      versions: [0, 0],
      request: ['group', [{ name: 'orders', partitions: [{ partitionIndex: 7 }] }]],
    },
    DescribeCluster: { path: 'admin/describe-cluster', versions: [0, 1], request: [true, 2] },
    DescribeTopicPartitions: {
      path: 'admin/describe-topic-partitions',
      versions: [0, 0],
      request: [[{ name: 'orders' }], 2001, { topicName: 'orders', partitionIndex: 7 }],
    },
  }

/** Fields that have to be there and that the client fills in by itself. */
const defaults = Array.from({ length: 8 }, () => [
  '-1',
  '0',
  '',
  '2147483647',
  String(2 ** 63),
  'AAAAAAAAAAAAAAAAAAAAAA',
]).flat()

for (const api of apis) {
  const known = messages[api.name]
  test(`${api.name} is held against it`, () => assert.ok(known !== undefined))
  if (known === undefined) continue
  const { path, versions, request } = known
  const [first, last] = versions
  describe(`${api.name} as @platformatic/kafka has it`, () => {
    test(`request v${last}`, async () => checkRequest(api, last, await moduleOf(path, last), request))
    test(`responses v${first} to v${last}`, async () => {
      for (let version = first; version <= last; version++) checkResponse(api, version, await moduleOf(path, version))
    })
  })
}

async function moduleOf(path: string, version: number): Promise<Module> {
  return (await load(`apis/${path}-v${version}.js`)) as Module
}

function checkRequest(api: Api, version: number, { createRequest }: Module, parameters: readonly unknown[]): void {
  const { buffer } = createRequest(...parameters)
  const value = decodeRequest(api, version, buffer, 0, buffer.length)
  const header = { correlationId: 1, clientId: null }
  const frame = Buffer.concat(encodeRequest(api, version, header, value as RequestToSend<Api>).pieces).subarray(4)
  const body = frame.subarray(readRequestHeader(frame, 0, frame.length).bodyStart)
  assert.equal(body.toString('hex'), Buffer.from(buffer).toString('hex'))
  const sent = [...leavesOf(parameters), ...defaults]
  if (api.name !== 'Produce') assert.deepEqual(missing(leavesOf(value), sent), [], 'read, but not sent')
}

function checkResponse(api: Api, version: number, { parseResponse }: Module): void {
  if (parseResponse === undefined) return
  const layout = layoutOf(api, version)
  const value = { ...distinctValue(api.response, layout), ...overrides[api.name] }
  const frame = Buffer.concat(encodeResponse(api, version, 1, value as ResponseOf<Api>).pieces)
  const start = layout.flexible && api.plainResponseHeader !== true ? 9 : 8
  const parsed = parsedOrError(() => parseResponse(1, api.key, version, Reader.from(frame.subarray(start))))
  const unread = missing(leavesOf(value), leavesOf(parsed))
  assert.equal(unread.length, passedOver[`${api.name} v${version}`] ?? 0, `v${version}: not read by it: ${unread}`)
}

/** It reads nothing more of an ApiVersions response that carries an error. */
const overrides: { readonly [api: string]: object } = { ApiVersions: { errorCode: 0 } }
/** Leaves that it passes over: the tagged error code of the configs, in two topics. */
const passedOver: { readonly [message: string]: number } = { 'CreateTopics v5': 2, 'CreateTopics v6': 2 }

/** It throws when a response carries error codes, as these all do; the error holds the response. */
function parsedOrError(parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    const { response } = error as { response?: unknown }
    if (response === undefined) throw error
    return response
  }
}
