import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  readRequestHeader,
} from '../src/codec/messages.ts'
import type { Encoded } from '../src/codec/output.ts'
import type { Api } from '../src/codec/schema.ts'
import { apis } from '../src/messages/index.ts'
import { arbitraryValue, layoutOf, readBack, type Value, versionsOf } from './values.ts'

const runs = { numRuns: 50, seed: 20260101 }

describe('K7: what is written in a version is read back from it', () => {
  for (const api of apis) {
    test(`${api.name} requests, every version`, () => {
      for (const version of versionsOf(api)) checkRequests(api, version)
    })
    test(`${api.name} responses, every version`, () => {
      for (const version of versionsOf(api)) checkResponses(api, version)
    })
  }
})

function checkRequests(api: Api, version: number): void {
  const layout = layoutOf(api, version)
  const clientId = fc.option(fc.string({ unit: 'binary', maxLength: 50 }), { nil: null })
  fc.assert(
    fc.property(arbitraryValue(api.request, layout), fc.integer(), clientId, (value, correlationId, clientId) => {
      const frame = frameOf(encodeRequest(api, version, { correlationId, clientId }, value as never))
      const header = readRequestHeader(frame, 4, frame.length)
      assert.deepEqual(
        { ...header, bodyStart: 0 },
        { apiKey: api.key, apiVersion: version, correlationId, clientId, api, bodyStart: 0 },
      )
      const back = decodeRequest(api, version, frame, header.bodyStart, frame.length)
      assertSame(back, readBack(api.request, layout, value))
    }),
    runs,
  )
}

function checkResponses(api: Api, version: number): void {
  const layout = layoutOf(api, version)
  fc.assert(
    fc.property(arbitraryValue(api.response, layout), fc.integer(), (value, correlationId) => {
      const frame = frameOf(encodeResponse(api, version, correlationId, value as never))
      const back = decodeResponse(api, version, frame.subarray(4))
      assert.equal(back.correlationId, correlationId)
      assertSame(back.value, readBack(api.response, layout, value))
    }),
    runs,
  )
}

/** The bytes of a frame, with its length held against them. */
function frameOf(encoded: Encoded): Buffer {
  const frame = Buffer.concat(encoded.pieces)
  assert.equal(frame.length, encoded.bytes)
  assert.equal(frame.readInt32BE(0), frame.length - 4)
  return frame
}

function assertSame(actual: unknown, expected: Value): void {
  assert.deepEqual(actual, expected)
  // K6: the same fields in the same order in every version.
  assert.deepEqual(Object.keys(actual as Value), Object.keys(expected))
}
