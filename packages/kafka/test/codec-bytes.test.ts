import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  readRequestHeader,
} from '../src/codec/messages.ts'
import type { Encoded } from '../src/codec/output.ts'
import type { Api, RequestToSend, ResponseOf } from '../src/codec/schema.ts'
import {
  apiVersions,
  describeTopicPartitions,
  fetch,
  heartbeat,
  joinGroup,
  metadata,
  offsetCommit,
  produce,
} from '../src/messages/index.ts'
import { ascii, hex } from './bytes.ts'

/** Both ways: the bytes are the value's, and the value the bytes'. `value` has to give every field. */
function assertRequest<A extends Api>(
  api: A,
  version: number,
  header: { correlationId: number; clientId: string | null },
  value: RequestToSend<A>,
  frame: Buffer,
): void {
  assert.equal(bytesOf(encodeRequest(api, version, header, value)), frame.toString('hex'))
  const read = readRequestHeader(frame, 4, frame.length)
  assert.deepEqual([read.apiKey, read.apiVersion], [api.key, version])
  assert.deepEqual({ correlationId: read.correlationId, clientId: read.clientId }, header)
  assert.partialDeepStrictEqual(decodeRequest(api, version, frame, read.bodyStart, frame.length), value)
}

function assertResponse<A extends Api>(api: A, version: number, id: number, value: ResponseOf<A>, frame: Buffer): void {
  assert.equal(bytesOf(encodeResponse(api, version, id, value)), frame.toString('hex'))
  const read = decodeResponse(api, version, frame.subarray(4))
  assert.equal(read.correlationId, id)
  assert.partialDeepStrictEqual(read.value, value)
}

function bytesOf(encoded: Encoded): string {
  return Buffer.concat(encoded.pieces).toString('hex')
}

const topicId = '4LjI3y2aTXyVWrJcRm4-LQ'
const topicIdHex = 'e0b8c8df2d9a4d7c955ab25c466e3e2d'

describe('requests, byte by byte', () => {
  test('ApiVersions v3, as the Java client opens with: the client id keeps its int16 length in header v2', () => {
    assertRequest(
      apiVersions,
      3,
      { correlationId: 0, clientId: 'adminclient-1' },
      { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '3.9.0' },
      hex(`
        00000031 // length
        0012 0003 00000000 // key 18, version 3, correlation id
        000d ${ascii('adminclient-1')} // int16 length, not a varint
        00 // no tagged fields in the header
        12 ${ascii('apache-kafka-java')} // 17 + 1
        06 ${ascii('3.9.0')}
        00`),
    )
  })

  test('Metadata v0 without a client id: an empty list is all topics', () => {
    assertRequest(
      metadata,
      0,
      { correlationId: 7, clientId: null },
      { topics: [] },
      hex('0000000e 0003 0000 00000007 ffff 00000000'),
    )
  })

  test('Metadata v1: null is −1, and asks for all topics', () => {
    assertRequest(
      metadata,
      1,
      { correlationId: 7, clientId: '' },
      { topics: null },
      hex('0000000e 0003 0001 00000007 0000 ffffffff'),
    )
  })

  test('Produce v7 and v9: the same request, with int16 and int32 lengths and with compact ones', () => {
    const value = {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: 'orders', partitionData: [{ index: 2, records: Buffer.from('batch') }] }],
    }
    const header = { correlationId: 258, clientId: 'rdkafka' }
    assertRequest(
      produce,
      7,
      header,
      value,
      hex(`
        00000036 0000 0007 00000102 0007 ${ascii('rdkafka')}
        ffff // no transactional id
        ffff 00007530 // acks −1, 30 s
        00000001 0006 ${ascii('orders')}
        00000001 00000002
        00000005 ${ascii('batch')}`),
    )
    assertRequest(
      produce,
      9,
      header,
      value,
      hex(`
        0000002f 0000 0009 00000102 0007 ${ascii('rdkafka')} 00
        00 // no transactional id: null is 0
        ffff 00007530
        02 07 ${ascii('orders')} // one topic: 1 + 1
        02 00000002
        06 ${ascii('batch')}
        00 00 00 // no tagged fields in the partition, the topic, the request`),
    )
  })

  test('Produce v13 names topics by id', () => {
    assertRequest(
      produce,
      13,
      { correlationId: 1, clientId: 'c' },
      {
        transactionalId: 'tx',
        acks: 1,
        timeoutMs: 1,
        topicData: [{ topicId, partitionData: [{ index: 0, records: null }] }],
      },
      hex(`
        0000002f 0000 000d 00000001 0001 63 00
        03 7478 0001 00000001
        02 ${topicIdHex} 02 00000000
        00 // no records: null
        00 00 00`),
    )
  })

  test('Fetch v12: a session, and tagged fields only where they are not their default', () => {
    assertRequest(
      fetch,
      12,
      { correlationId: 9, clientId: 'c' },
      {
        clusterId: 'abc',
        replicaId: -1,
        maxWaitMs: 500,
        minBytes: 1,
        maxBytes: 0x03200000,
        isolationLevel: 1,
        sessionId: 0x01020304,
        sessionEpoch: 5,
        topics: [
          {
            topic: 't',
            partitions: [
              {
                partition: 1,
                currentLeaderEpoch: 4,
                fetchOffset: 0x0102030405,
                lastFetchedEpoch: -1,
                logStartOffset: -1,
                partitionMaxBytes: 1048576,
              },
            ],
          },
        ],
        forgottenTopicsData: [{ topic: 'u', partitions: [3] }],
        rackId: '',
      },
      hex(`
        0000005c 0001 000c 00000009 0001 63 00
        ffffffff 000001f4 00000001 03200000 01 01020304 00000005
        02 02 74 02
        00000001 00000004 0000000102030405 ffffffff ffffffffffffffff 00100000 00
        00
        02 02 75 02 00000003 00
        01
        01 00 04 04 ${ascii('abc')} // one tagged field: tag 0, four bytes`),
    )
  })

  test('Fetch v18: a high watermark is tag 1 of the partition, the largest int64 is its absence', () => {
    const partition = { partition: 0, fetchOffset: 0, partitionMaxBytes: 0 }
    const encode = (highWatermark: number) =>
      bytesOf(
        encodeRequest(
          fetch,
          18,
          { correlationId: 1, clientId: null },
          {
            maxWaitMs: 0,
            minBytes: 0,
            sessionId: 0,
            topics: [{ topicId, partitions: [{ ...partition, highWatermark }] }],
            forgottenTopicsData: [],
            rackId: '',
          },
        ),
      )
    assert.ok(encode(7).includes('01 01 08 0000000000000007'.replaceAll(' ', '')))
    assert.ok(!encode(2 ** 63).includes('0108'))
  })

  test('JoinGroup v5: nullable strings, bytes', () => {
    assertRequest(
      joinGroup,
      5,
      { correlationId: 3, clientId: 'c' },
      {
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 300_000,
        memberId: '',
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from([0, 1]) }],
      },
      hex(`
        00000035 000b 0005 00000003 0001 63
        0001 67 00002710 000493e0 0000 ffff 0008 ${ascii('consumer')}
        00000001 0005 ${ascii('range')} 00000002 0001`),
    )
  })

  test('OffsetCommit v8: commit metadata goes round, empty and null apart', () => {
    const partition = (committedMetadata: string | null) => ({
      partitionIndex: 0,
      committedOffset: 42,
      committedLeaderEpoch: -1,
      committedMetadata,
    })
    assertRequest(
      offsetCommit,
      8,
      { correlationId: 1, clientId: 'c' },
      {
        groupId: 'g',
        generationIdOrMemberEpoch: 5,
        memberId: 'm',
        groupInstanceId: null,
        topics: [{ name: 't', partitions: [partition('note'), partition(''), partition(null)] }],
      },
      hex(`
        00000055 0008 0008 00000001 0001 63 00
        02 67 00000005 02 6d 00
        02 02 74 04
        00000000 000000000000002a ffffffff 05 ${ascii('note')} 00
        00000000 000000000000002a ffffffff 01 00
        00000000 000000000000002a ffffffff 00 00
        00 00`),
    )
  })
})

describe('responses, byte by byte', () => {
  test('ApiVersions v3 answers with response header v0: no tagged fields behind the correlation id', () => {
    assertResponse(
      apiVersions,
      3,
      0x0a0b0c0d,
      { errorCode: 0, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }], throttleTimeMs: 0 },
      hex(`
        00000013 0a0b0c0d // length, correlation id, and then the body
        0000 02 0012 0000 0004 00
        00000000 00`),
    )
  })

  test('ApiVersions v0 with error 35, for a version that is not known', () => {
    assertResponse(
      apiVersions,
      0,
      1,
      { errorCode: 35, apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 13 }] },
      hex('00000010 00000001 0023 00000001 0000 0000 000d'),
    )
  })

  test('ApiVersions v3 with features: tagged fields of unknown length, ascending', () => {
    assertResponse(
      apiVersions,
      3,
      1,
      {
        errorCode: 0,
        apiKeys: [],
        throttleTimeMs: 0,
        supportedFeatures: [{ name: 'f', minVersion: 1, maxVersion: 2 }],
        finalizedFeaturesEpoch: 9,
      },
      hex(`
        00000020 00000001 0000 01 00000000
        02 // two tagged fields
        00 08 02 02 66 0001 0002 00
        01 08 0000000000000009`),
    )
  })

  test('Metadata v12', () => {
    assertResponse(
      metadata,
      12,
      2,
      {
        throttleTimeMs: 0,
        brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: null }],
        clusterId: 'c',
        controllerId: 1,
        topics: [
          {
            errorCode: 0,
            name: 't',
            topicId,
            isInternal: false,
            partitions: [
              {
                errorCode: 0,
                partitionIndex: 0,
                leaderId: 1,
                leaderEpoch: 3,
                replicaNodes: [1],
                isrNodes: [1],
                offlineReplicas: [],
              },
            ],
            topicAuthorizedOperations: -2147483648,
          },
        ],
      },
      hex(`
        00000053 00000002 00 // header v1
        00000000
        02 00000001 02 68 00002384 00 00
        02 63 00000001
        02 0000 02 74 ${topicIdHex} 00
        02 0000 00000000 00000001 00000003 02 00000001 02 00000001 01 00
        80000000 00
        00`),
    )
  })

  test('Produce v10: the new leader is a tagged struct, its address a tagged array', () => {
    assertResponse(
      produce,
      10,
      2,
      {
        responses: [
          {
            name: 't',
            partitionResponses: [
              {
                index: 0,
                errorCode: 6,
                baseOffset: -1,
                logAppendTimeMs: -1,
                logStartOffset: -1,
                recordErrors: [],
                errorMessage: null,
                currentLeader: { leaderId: 2, leaderEpoch: 7 },
              },
            ],
          },
        ],
        throttleTimeMs: 0,
        nodeEndpoints: [{ nodeId: 2, host: 'h', port: 9092, rack: null }],
      },
      hex(`
        0000004a 00000002 00
        02 02 74
        02 00000000 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 00
        01 00 09 00000002 00000007 00 // tag 0, nine bytes
        00
        00000000
        01 00 0d 02 00000002 02 68 00002384 00 00`),
    )
  })

  test('Fetch v4: records are the pieces that were given, aborted transactions null', () => {
    const batch = Buffer.from('batches')
    const frame = hex(`
        00000038 00000002
        00000000
        00000001 0001 74
        00000001 00000000 0000 0000000000000064 0000000000000064 ffffffff
        00000007 ${ascii('batches')}`)
    const response = (records: Buffer | Buffer[]) => ({
      throttleTimeMs: 0,
      responses: [
        {
          topic: 't',
          partitions: [
            {
              partitionIndex: 0,
              errorCode: 0,
              highWatermark: 100,
              lastStableOffset: 100,
              abortedTransactions: null,
              records,
            },
          ],
        },
      ],
    })
    assertResponse(fetch, 4, 2, response(batch), frame)
    // K5: pieces of records stay as they are, in their own memory.
    const [first, second] = [batch.subarray(0, 3), batch.subarray(3)]
    const encoded = encodeResponse(fetch, 4, 2, response([first, second]))
    assert.equal(bytesOf(encoded), frame.toString('hex'))
    assert.ok(encoded.pieces.includes(first) && encoded.pieces.includes(second))
  })

  test('Heartbeat v0 to v4: throttle time from v1, header v1 and tags from v4', () => {
    const value = { errorCode: 27, throttleTimeMs: 0 }
    assert.equal(bytesOf(encodeResponse(heartbeat, 0, 1, value)), '0000000600000001001b')
    assertResponse(heartbeat, 1, 1, value, hex('0000000a 00000001 00000000 001b'))
    assertResponse(heartbeat, 4, 1, value, hex('0000000c 00000001 00 00000000 001b 00'))
  })

  test('DescribeTopicPartitions v0: a null struct is one byte, −1; a present one begins with 1', () => {
    const base = { throttleTimeMs: 0, topics: [] }
    assertResponse(
      describeTopicPartitions,
      0,
      1,
      { ...base, nextCursor: null },
      hex('0000000c 00000001 00 00000000 01 ff 00'),
    )
    assertResponse(
      describeTopicPartitions,
      0,
      1,
      { ...base, nextCursor: { topicName: 't', partitionIndex: 5 } },
      hex('00000013 00000001 00 00000000 01 01 02 74 00000005 00 00'),
    )
  })
})

describe('int64', () => {
  const response = (offset: number) => ({
    throttleTimeMs: 0,
    responses: [{ name: 't', partitionResponses: [{ index: 0, errorCode: 0, baseOffset: offset }] }],
  })
  const encoded = (offset: number) => bytesOf(encodeResponse(produce, 0, 1, response(offset))).slice(-16)

  test('whole numbers on both sides of each word, and the largest', () => {
    assert.equal(encoded(-1), 'ffffffffffffffff')
    assert.equal(encoded(0x1_0000_0000), '0000000100000000')
    assert.equal(encoded(0xffff_ffff), '00000000ffffffff')
    assert.equal(encoded(-0x1_0000_0001), 'fffffffeffffffff')
    assert.equal(encoded(Number.MAX_SAFE_INTEGER), '001fffffffffffff')
    assert.equal(encoded(-(2 ** 63)), '8000000000000000')
    assert.equal(encoded(2 ** 63), '7fffffffffffffff')
  })
})
