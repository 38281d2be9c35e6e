import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeResponse, encodeRequest, encodeResponse } from '../src/codec/messages.ts'
import type { Api, ResponseOf } from '../src/codec/schema.ts'
import { apiVersions, createTopics, findCoordinator, joinGroup, metadata, produce } from '../src/messages/index.ts'

/** Values that the types would not let through: handlers are written in TypeScript, their inputs are not. */
function assertUnwritable(api: Api, version: number, value: unknown, field: string, shown: string): void {
  assert.throws(() => encodeResponse(api, version, 1, value as ResponseOf<Api>), {
    code: 'kafka.unwritable',
    details: { api: api.name, version, direction: 'response', field, reason: reasons[field + shown], value: shown },
  })
}

const reasons: Record<string, string> = {
  'throttleTimeMs1.5': 'not an int32',
  throttleTimeMs2147483648: 'not an int32',
  'throttleTimeMsa string of 1 characters': 'not an int32',
  'the messageundefined': 'not an object',
  'responses[1].partitionResponses[0].baseOffsetundefined': 'not an int64',
  'responses[1].partitionResponses[0].baseOffset0.5': 'not an int64',
  'responses[1].partitionResponses[0].errorCode40000': 'not an int16',
  'responses[1].partitionResponses[0]null': 'not an object',
  responsesundefined: 'not an array',
  responsesnull: 'null where null is not allowed',
  'responses[0].namenull': 'null where null is not allowed',
  'responses[0].name7': 'not a string',
  'responses[0].namea string of 40000 characters': 'a string is too long',
  'responses[0].namea string of 20000 characters': 'a string is too long',
  'responses[0].topicIda string of 3 characters': 'not a UUID in base64',
  'responses[0].topicIda string of 22 characters': 'not a UUID in base64',
}

const topic = (partition: unknown) => ({ name: 't', partitionResponses: [partition] })
const partition = { index: 0, errorCode: 0, baseOffset: 0 }

describe('K4: what a field cannot hold is refused, and the field named', () => {
  test('integers', () => {
    for (const value of [1.5, 2 ** 31]) {
      assertUnwritable(produce, 9, { responses: [], throttleTimeMs: value }, 'throttleTimeMs', String(value))
    }
    assertUnwritable(produce, 9, { responses: [], throttleTimeMs: '7' }, 'throttleTimeMs', 'a string of 1 characters')
    const second = (value: object) => ({ responses: [topic(partition), topic({ ...partition, ...value })] })
    const path = 'responses[1].partitionResponses[0]'
    assertUnwritable(produce, 9, second({ errorCode: 40_000 }), `${path}.errorCode`, '40000')
    assertUnwritable(produce, 9, second({ baseOffset: 0.5 }), `${path}.baseOffset`, '0.5')
  })

  test('a field without a default may not be left out', () => {
    const value = { responses: [topic(partition), topic({ index: 0, errorCode: 0 })] }
    assertUnwritable(produce, 3, value, 'responses[1].partitionResponses[0].baseOffset', 'undefined')
    assertUnwritable(produce, 3, {}, 'responses', 'undefined')
    assertUnwritable(produce, 3, undefined, 'the message', 'undefined')
  })

  test('null', () => {
    assertUnwritable(produce, 3, { responses: null }, 'responses', 'null')
    assertUnwritable(produce, 3, { responses: [{ name: null, partitionResponses: [] }] }, 'responses[0].name', 'null')
    const value = { responses: [topic(partition), topic(null)] }
    assertUnwritable(produce, 3, value, 'responses[1].partitionResponses[0]', 'null')
  })

  test('strings and UUIDs', () => {
    const named = (name: unknown) => ({ responses: [{ name, partitionResponses: [] }] })
    for (const version of [3, 9]) {
      assertUnwritable(produce, version, named(7), 'responses[0].name', '7')
      assertUnwritable(produce, version, named('x'.repeat(40_000)), 'responses[0].name', 'a string of 40000 characters')
      assertUnwritable(produce, version, named('é'.repeat(20_000)), 'responses[0].name', 'a string of 20000 characters')
    }
    const withId = (topicId: string) => ({ responses: [{ topicId, partitionResponses: [] }] })
    assertUnwritable(produce, 13, withId('abc'), 'responses[0].topicId', 'a string of 3 characters')
    assertUnwritable(produce, 13, withId('AAAAAAAAAAAAAAAAAAAA+A'), 'responses[0].topicId', 'a string of 22 characters')
  })

  test('bytes, records, booleans', () => {
    const write = (api: Api, version: number, value: object) => () =>
      encodeRequest(api, version, { correlationId: 1, clientId: null }, value as never)
    const join = { groupId: 'g', sessionTimeoutMs: 1, memberId: '', protocolType: 'consumer' }
    assert.throws(write(joinGroup, 0, { ...join, protocols: [{ name: 'a', metadata: 'text' }] }), {
      code: 'kafka.unwritable',
      message: /protocols\[0\]\.metadata/,
    })
    const data = (records: unknown) => ({
      acks: 1,
      timeoutMs: 1,
      topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
    })
    for (const records of ['text', [1], undefined, 5]) {
      assert.throws(write(produce, 3, data(records)), { message: /topicData\[0\]\.partitionData\[0\]\.records/ })
    }
    assert.throws(write(createTopics, 1, { topics: [], validateOnly: 1 }), { message: /validateOnly/ })
    assert.throws(() => encodeRequest(findCoordinator, 0, { correlationId: 1, clientId: 'x'.repeat(40_000) }, {}), {
      message: /clientId/,
    })
  })

  test('a value is never shown, only its size: it may be a secret', () => {
    const value = { responses: [{ name: 'x'.repeat(40_000), partitionResponses: [] }] }
    assert.throws(
      () => encodeResponse(produce, 9, 1, value),
      (error: Error) => !error.message.includes('xxx'),
    )
  })
})

describe('K5: what was handed out is not written over', () => {
  const broker = { nodeId: 1, host: 'localhost', port: 9092 }
  const answer = (topics: number) => ({
    brokers: [broker],
    topics: Array.from({ length: topics }, (_, i) => ({ errorCode: 0, name: `topic-${i}`, partitions: [] })),
  })

  test('by the messages that follow, nor by one that fails half way', () => {
    const kept = encodeResponse(metadata, 9, 1, answer(3))
    const before = Buffer.concat(kept.pieces)
    for (let i = 0; i < 2000; i++) encodeResponse(metadata, 9, i, answer(i % 50))
    const failing = {
      errorCode: 0,
      apiKeys: [],
      supportedFeatures: [{ name: 'f', minVersion: 0, maxVersion: 70_000 }],
    }
    for (let i = 0; i < 3; i++) {
      assert.throws(() => encodeResponse(apiVersions, 3, 1, failing), { code: 'kafka.unwritable' })
      const after = Buffer.concat(encodeResponse(metadata, 9, 1, answer(3)).pieces)
      assert.deepEqual(after, before)
    }
    assert.deepEqual(Buffer.concat(kept.pieces), before)
  })

  test('a message larger than a slab comes in pieces', () => {
    const encoded = encodeResponse(metadata, 12, 5, answer(20_000))
    assert.ok(encoded.pieces.length > 5)
    const back = decodeResponse(metadata, 12, Buffer.concat(encoded.pieces).subarray(4))
    assert.equal(back.value.topics.at(-1)?.name, 'topic-19999')
    const wide = { ...answer(0), clusterId: 'c'.repeat(30_000) }
    const far = decodeResponse(metadata, 12, Buffer.concat(encodeResponse(metadata, 12, 5, wide).pieces).subarray(4))
    assert.equal(far.value.clusterId?.length, 30_000)
  })
})
