import assert from 'node:assert/strict'
import type { Random } from '@chronicle/base'
import { damaged, type FuzzInput, type FuzzTarget, noise } from '@chronicle/testing'
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  isDeclared,
  readRequestHeader,
} from '../src/codec/messages.ts'
import type { Api, RequestToSend, ResponseOf } from '../src/codec/schema.ts'
import { kafkaErrors } from '../src/errors.ts'
import { apis } from '../src/messages/index.ts'
import { framingTarget } from './fuzz-framing.ts'
import { randomValue } from './random-message.ts'
import { layoutOf, versionsOf } from './values.ts'

function isRefusal(error: unknown): boolean {
  return kafkaErrors.is(error)
}

export function allTargets(): FuzzTarget[] {
  // As often as a quarter of the messages: there are hundreds of those.
  const messages = messageTargets()
  const connections = [frameTarget, framingTarget(frameTarget)]
  return [...messages, ...Array.from({ length: messages.length / 8 }, () => connections).flat()]
}

/** Both ways of every API in every version: the value that is read can be written, and the bytes are read the same again. */
function messageTargets(): FuzzTarget[] {
  return apis.flatMap(api => versionsOf(api).flatMap(version => [requests(api, version), responses(api, version)]))
}

/** Whole request frames without knowing what is in them: header first, and the body as the header says. */
const frameTarget: FuzzTarget = {
  name: 'request frame',
  isRefusal,
  input(random) {
    if (random.int(4) === 0) return { bytes: noise(random), intact: false }
    const api = apis[random.int(apis.length)]!
    const version = versionsOf(api)[random.int(versionsOf(api).length)]!
    return damaged(random, requestOf(random, api, version))
  },
  run({ bytes }) {
    const { api, apiVersion, bodyStart } = readRequestHeader(bytes, 0, bytes.length)
    assert.ok(bodyStart <= bytes.length)
    if (api !== undefined && isDeclared(api, apiVersion))
      decodeRequest(api, apiVersion, bytes, bodyStart, bytes.length, false)
  },
}

function requests(api: Api, version: number): FuzzTarget {
  return {
    name: `${api.name} request v${version}`,
    isRefusal,
    input: random => messageInput(random, () => bodyOf(requestOf(random, api, version))),
    run({ bytes }) {
      const value = decodeRequest(api, version, bytes, 0, bytes.length)
      const header = { correlationId: 0, clientId: null }
      const again = bodyOf(joined(encodeRequest(api, version, header, value as RequestToSend<Api>).pieces))
      assert.deepEqual(decodeRequest(api, version, again, 0, again.length), value)
    },
  }
}

function responses(api: Api, version: number): FuzzTarget {
  return {
    name: `${api.name} response v${version}`,
    isRefusal,
    input: random =>
      messageInput(random, () => {
        const value = randomValue(random, api.response, layoutOf(api, version))
        return joined(encodeResponse(api, version, 0, value as ResponseOf<Api>).pieces)
      }),
    run({ bytes }) {
      const { correlationId, value } = decodeResponse(api, version, bytes)
      const again = joined(encodeResponse(api, version, correlationId, value as ResponseOf<Api>).pieces)
      assert.deepEqual(decodeResponse(api, version, again).value, value)
    },
  }
}

function messageInput(random: Random, valid: () => Buffer): FuzzInput {
  return random.int(5) === 0 ? { bytes: noise(random), intact: false } : damaged(random, valid())
}

/** A request without the length of its frame. */
function requestOf(random: Random, api: Api, version: number): Buffer {
  const value = randomValue(random, api.request, layoutOf(api, version))
  const header = { correlationId: random.int(1000), clientId: random.int(2) === 0 ? null : 'fuzz' }
  return joined(encodeRequest(api, version, header, value as RequestToSend<Api>).pieces)
}

function bodyOf(request: Buffer): Buffer {
  return request.subarray(readRequestHeader(request, 0, request.length).bodyStart)
}

/** The pieces of a frame in memory of their own, without its length. */
function joined(pieces: readonly Uint8Array[]): Buffer {
  return Buffer.concat(pieces).subarray(4)
}
