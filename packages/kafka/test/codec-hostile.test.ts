import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChronicleError } from '@chronicle/base'
import fc from 'fast-check'
import { requestElementsMax } from '../src/codec/input.ts'
import { decodeRequest, encodeRequest, isDeclared, readRequestHeader } from '../src/codec/messages.ts'
import type { Api, RequestToSend } from '../src/codec/schema.ts'
import { kafkaErrors } from '../src/errors.ts'
import {
  apis,
  apiVersions,
  fetch,
  findCoordinator,
  joinGroup,
  listGroups,
  metadata,
  produce,
} from '../src/messages/index.ts'
import { ascii, hex } from './bytes.ts'
import { arbitraryValue, layoutOf, versionsOf } from './values.ts'

/** Decodes a body and expects a refusal with these details. */
function assertRefused(
  api: Api,
  version: number,
  body: Buffer,
  details: ChronicleError['details'],
  code = 'kafka.malformed',
) {
  assert.throws(
    () => decodeRequest(api, version, body, 0, body.length),
    (error: unknown) => {
      assert.ok(kafkaErrors.is(error), String(error))
      assert.equal(error.code, code)
      assert.partialDeepStrictEqual(error.details, { api: api.name, version, direction: 'request', ...details })
      return true
    },
  )
}

describe('K1: nothing is read beyond the end', () => {
  test('every message in every version, cut anywhere, is refused', () => {
    for (const api of apis) for (const version of versionsOf(api)) checkTruncations(api, version)
  })

  test('a string or bytes longer than what is left', () => {
    assertRefused(findCoordinator, 0, hex('0005 41414141'), {
      field: 'key',
      reason: 'a length passes the end',
      offset: 2,
    })
    assertRefused(findCoordinator, 3, hex('06 41414141'), {
      field: 'key',
      reason: 'a length passes the end',
      offset: 1,
    })
    assertRefused(produce, 3, hex('ffff 0001 00000001 00000001 0001 74 00000001 00000000 7fffffff 00'), {
      field: 'topicData[0].partitionData[0].records',
      reason: 'a length passes the end',
      offset: 27,
    })
  })

  test('the error names the element and, in a run of fields, the first that is missing', () => {
    const body = hex('ffff 0001 00000001 00000001 0001 74 00000002 00000000 00000008 4141414141414141 00000001')
    assertRefused(produce, 3, body, { field: 'topicData[0].partitionData[1].records', offset: 39 })
    assertRefused(produce, 3, hex('ffff 0001 0000'), { field: 'timeoutMs', offset: 2, reason: 'it ends early' })
  })

  test('bytes behind the message', () => {
    assertRefused(findCoordinator, 0, hex('0001 41 00'), {
      field: 'the message',
      reason: 'bytes are left over',
      offset: 3,
    })
    // All topics as librdkafka 2.16 asks for them.
    const body = hex('00 00 00 00 01 00 00')
    assertRefused(metadata, 13, body, { reason: 'bytes are left over', offset: 4 })
    assert.equal(decodeRequest(metadata, 13, body, 0, body.length, false).topics, null)
  })
})

describe('K2: a count is held against the bytes that are left before anything is allocated', () => {
  test('in an int32', () => {
    assertRefused(metadata, 1, hex('7fffffff 0001 41'), {
      field: 'topics',
      reason: 'a count passes the end',
      offset: 4,
    })
    // One element takes at least two bytes: three fit, four cannot be there.
    assertRefused(metadata, 1, hex('00000004 0000 0000 0000'), { field: 'topics', reason: 'a count passes the end' })
    assert.equal(decodeRequest(metadata, 1, hex('00000003 0000 0000 0000'), 0, 10).topics?.length, 3)
  })

  test('in a varint', () => {
    assertRefused(listGroups, 4, hex('ffffffff0f 00'), { field: 'statesFilter', reason: 'a count passes the end' })
  })

  test('of tagged fields', () => {
    assertRefused(listGroups, 3, hex('ffffffff0f'), { field: 'tagged fields' })
    assertRefused(apiVersions, 3, hex('01 01 7f 00'), { field: 'tagged fields' })
  })
})

describe('K3: a message holds a bounded number of elements', () => {
  test('elements of one byte', () => {
    const body = (count: number, varint: string) => Buffer.concat([hex(varint), Buffer.alloc(count, 1), hex('01 00')])
    const details = { field: 'statesFilter', reason: 'too many elements in all' }
    assertRefused(listGroups, 5, body(requestElementsMax + 1, 'c29a0c'), details, 'kafka.too-many-elements')
    const most = body(requestElementsMax, 'c19a0c')
    assert.equal(decodeRequest(listGroups, 5, most, 0, most.length).statesFilter.length, requestElementsMax)
  })

  test('that are spread over several arrays', () => {
    const half = Buffer.concat([hex('a28d06'), Buffer.alloc(100_001, 1)])
    const body = Buffer.concat([half, half, hex('00')])
    const details = { field: 'typesFilter', reason: 'too many elements in all' }
    assertRefused(listGroups, 5, body, details, 'kafka.too-many-elements')
  })
})

describe('lengths', () => {
  test('null where null is not allowed', () => {
    assertRefused(findCoordinator, 0, hex('ffff'), { field: 'key', reason: 'null where null is not allowed' })
    assertRefused(findCoordinator, 3, hex('00 00'), { field: 'key', reason: 'null where null is not allowed' })
    assertRefused(metadata, 0, hex('ffffffff'), { field: 'topics', reason: 'null where null is not allowed' })
  })

  test('a varint has at most five bytes and 32 bits', () => {
    assertRefused(findCoordinator, 3, hex('8080808080 01'), { field: 'key', reason: 'a varint does not end' })
    assertRefused(findCoordinator, 3, hex('ffffffff1f'), { field: 'key', reason: 'a varint does not end' })
    assertRefused(findCoordinator, 3, hex('8080'), { field: 'key', reason: 'a varint does not end' })
    // Longer than it needs to be is still a number.
    assert.equal(decodeRequest(findCoordinator, 3, hex('8280808000 41 00 00'), 0, 8).key, 'A')
  })

  test('a string has at most 32,767 bytes in flexible versions too', () => {
    const body = Buffer.concat([hex('818002'), Buffer.alloc(32_768, 0x41), hex('00 00')])
    assertRefused(findCoordinator, 3, body, { field: 'key', reason: 'a string is too long' })
  })
})

describe('tagged fields', () => {
  const request = (tags: string) => hex(`01 01 ${tags}`)

  test('those that are unknown are passed over', () => {
    const body = request('02 00 03 010203 7f 00')
    assert.deepEqual(decodeRequest(apiVersions, 3, body, 0, body.length), {
      clientSoftwareName: '',
      clientSoftwareVersion: '',
    })
  })

  test('out of order, or twice, they are refused', () => {
    assertRefused(apiVersions, 3, request('02 01 00 00 00'), { field: 'tagged fields' })
    assertRefused(apiVersions, 3, request('02 01 00 01 00'), { field: 'tagged fields' })
    const clusterId = '00 02 02 41'
    for (const tags of [`02 ${clusterId} ${clusterId}`, `02 01 00 ${clusterId}`]) {
      const body = hex(`ffffffff 00000000 00000000 00000000 00 00000000 00000000 01 01 01 ${tags}`)
      assertRefused(fetch, 12, body, { field: 'tagged fields', reason: 'tags are not in ascending order' })
    }
  })

  test('one that is known has to fill its size', () => {
    const body = (tag: string) => hex(`ffffffff 00000000 00000000 00000000 00 00000000 00000000 01 01 01 01 ${tag}`)
    const short = body('00 05 04 616263 00')
    assertRefused(fetch, 12, short, { field: 'tagged fields', reason: 'a tagged field is not of its size' })
    const long = body('00 02 04 616263')
    assertRefused(fetch, 12, long, { field: 'tagged fields', reason: 'a tagged field is not of its size' })
  })
})

describe('request headers', () => {
  const read = (header: string) => {
    const bytes = hex(header)
    return readRequestHeader(bytes, 0, bytes.length)
  }

  test('too short, or a client id that passes the end', () => {
    assert.throws(() => read('0012 0000 00000001'), { code: 'kafka.malformed' })
    assert.throws(() => read('0012 0000 00000001 0005 41'), { code: 'kafka.malformed' })
    assert.throws(() => read('0012 0003 00000001 ffff 05 00'), { code: 'kafka.malformed' })
  })

  test('of an API or a version that is not declared: the correlation id can still be answered', () => {
    assert.partialDeepStrictEqual(read('7fff 0000 0000002a 0001 41'), {
      apiKey: 0x7fff,
      correlationId: 42,
      clientId: 'A',
    })
    const future = read(`0012 0063 0000002a 0001 41 00 05 ${ascii('java')} 02 39 00`)
    assert.partialDeepStrictEqual(future, { apiVersion: 99, correlationId: 42, api: apiVersions })
    assert.equal(isDeclared(apiVersions, 99), false)
    assert.equal(read('ffff ffff 00000001 ffff').api, undefined)
  })

  test('tagged fields of a flexible header are passed over', () => {
    const { bodyStart } = read(`0012 0003 00000001 0001 41 01 05 03 616263 ff`)
    assert.equal(bodyStart, 17)
  })

  test('a version that is not declared is refused by name', () => {
    assert.throws(() => decodeRequest(apiVersions, 5, Buffer.alloc(0), 0, 0), {
      code: 'kafka.unsupported-version',
      details: { api: 'ApiVersions', version: 5, accepted: '0 to 4' },
    })
  })
})

describe('memory', () => {
  test('K5: records are views of the frame, bytes are not', () => {
    const body = hex('ffff 0001 00000001 00000001 0001 74 00000001 00000000 00000001 41')
    const { topicData } = decodeRequest(produce, 3, body, 0, body.length)
    const join = hex('0001 67 00000001 00000001 0000 0000 00000001 0000 00000001 41')
    const { protocols } = decodeRequest(joinGroup, 1, join, 0, join.length)
    body.fill(0x42)
    join.fill(0x42)
    assert.equal(String(topicData[0]!.partitionData[0]!.records), 'B')
    assert.equal(String(protocols[0]!.metadata), 'A')
  })
})

function checkTruncations(api: Api, version: number): void {
  const property = fc.property(arbitraryValue(api.request, layoutOf(api, version)), fc.nat(), (value, at) => {
    const encoded = encodeRequest(api, version, { correlationId: 1, clientId: null }, value as RequestToSend<Api>)
    const frame = Buffer.concat(encoded.pieces)
    const { bodyStart } = readRequestHeader(frame, 4, frame.length)
    if (bodyStart === frame.length) return
    const end = bodyStart + (at % (frame.length - bodyStart))
    assert.throws(() => decodeRequest(api, version, frame, bodyStart, end), kafkaErrors.is)
  })
  fc.assert(property, { numRuns: 20, seed: 20260102 })
}
