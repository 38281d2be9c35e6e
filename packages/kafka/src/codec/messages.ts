/**
 * Requests and responses with their headers. All numbers big-endian; frames go over a connection one after another.
 *
 *   request frame                              response frame
 *   SIZE  FIELD                                SIZE  FIELD
 *      4  length of what follows                  4  length of what follows
 *      2  API key                                 4  correlation id
 *      2  API version                             …  tagged fields (header v1: flexible versions,
 *      4  correlation id                             never ApiVersions)
 *    2+n  client id: int16 length, −1 = null      …  body
 *      …  tagged fields (header v2: flexible versions)
 *      …  body
 *
 * The client id keeps its int16 length in header v2 too, so that any broker can read the header of any version (KIP-511).
 */

import { kafkaErrors } from '../errors.ts'
import { apiByKey } from '../messages/index.ts'
import { type CompiledVersion, compiledVersion } from './compile.ts'
import { passTaggedFields, text } from './input.ts'
import { type Encoded, Output, putText } from './output.ts'
import type { Api, RequestOf, RequestToSend, ResponseOf, ResponseReceived } from './schema.ts'

export type RequestHeader = {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** What the key stands for; `undefined` when it is not declared here. */
  readonly api: Api | undefined
  /**
   * Where the body begins. Of an API or a version that is not declared the tagged fields are not read: nothing is known of
   * its body anyway.
   */
  readonly bodyStart: number
}

/** Bytes of a request header up to the client id's length, and of a response header v0. */
const fixedRequestHeaderBytes = 10
const fixedResponseHeaderBytes = 4

const output = new Output()

/** Reads the header of the request in `bytes[start, end)`: a frame without its length. Throws 'kafka.malformed'. */
export function readRequestHeader(bytes: Buffer, start: number, end: number): RequestHeader {
  if (end - start < fixedRequestHeaderBytes) throw malformedHeader('clientId', 'it ends early', end - start)
  const apiKey = bytes.readInt16BE(start)
  const apiVersion = bytes.readInt16BE(start + 2)
  const correlationId = bytes.readInt32BE(start + 4)
  const length = bytes.readInt16BE(start + 8)
  let at = start + fixedRequestHeaderBytes
  if (length > end - at) throw malformedHeader('clientId', 'a length passes the end', at - start)
  const clientId = length < 0 ? null : text(bytes, at, at + length)
  if (length > 0) at += length
  const api = apiByKey(apiKey)
  const flexible = api !== undefined && isDeclared(api, apiVersion) && apiVersion >= api.flexible
  const bodyStart = flexible ? passHeaderTags(bytes, at, end, start) : at
  return { apiKey, apiVersion, correlationId, clientId, api, bodyStart }
}

/** Is `version` of `api` read and written here? */
export function isDeclared(api: Api, version: number): boolean {
  return version >= api.versions[0] && version <= api.versions[1]
}

/**
 * Reads the body in `bytes[start, end)`; bytes behind it are refused when `exact`. Its `records` are views of `bytes`,
 * strings and bytes are its own. Throws 'kafka.malformed', 'kafka.too-many-elements', 'kafka.unsupported-version'.
 */
export function decodeRequest<A extends Api>(
  api: A,
  version: number,
  bytes: Buffer,
  start: number,
  end: number,
  exact = true,
): RequestOf<A> {
  return versionOf(api, version).requestReader(bytes, start, end, exact) as RequestOf<A>
}

/** A response frame: length, header and body. Throws 'kafka.unwritable', 'kafka.unsupported-version'. */
export function encodeResponse<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  value: ResponseOf<A>,
): Encoded {
  const compiled = versionOf(api, version)
  output.begin()
  writeInt32(correlationId)
  if (hasResponseTags(api, compiled)) output.b[output.p++] = 0
  compiled.responseWriter(output, value)
  return output.finish()
}

/** A request frame, as a client sends it. */
export function encodeRequest<A extends Api>(
  api: A,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  value: RequestToSend<A>,
): Encoded {
  const compiled = versionOf(api, version)
  output.begin()
  writeInt32((api.key << 16) | version)
  writeInt32(header.correlationId)
  writeClientId(header.clientId)
  if (compiled.flexible) output.b[output.p++] = 0
  compiled.requestWriter(output, value)
  return output.finish()
}

/** Reads a response frame without its length, as a client receives it. */
export function decodeResponse<A extends Api>(
  api: A,
  version: number,
  bytes: Buffer,
): { readonly correlationId: number; readonly value: ResponseReceived<A> } {
  const compiled = versionOf(api, version)
  if (bytes.length < fixedResponseHeaderBytes) throw malformedHeader('correlationId', 'it ends early', bytes.length)
  const correlationId = bytes.readInt32BE(0)
  const tagged = hasResponseTags(api, compiled)
  const start = tagged ? passHeaderTags(bytes, fixedResponseHeaderBytes, bytes.length, 0) : fixedResponseHeaderBytes
  return { correlationId, value: compiled.responseReader(bytes, start, bytes.length, true) as ResponseReceived<A> }
}

function versionOf(api: Api, version: number): CompiledVersion {
  const compiled = compiledVersion(api, version)
  if (compiled !== undefined) return compiled
  throw kafkaErrors.create('kafka.unsupported-version', {
    api: api.name,
    version,
    accepted: `${api.versions[0]} to ${api.versions[1]}`,
  })
}

function hasResponseTags(api: Api, compiled: CompiledVersion): boolean {
  return compiled.flexible && api.plainResponseHeader !== true
}

/** No tagged field of a header is known: passes over all of them and returns where they end. */
function passHeaderTags(bytes: Buffer, from: number, end: number, frameStart: number): number {
  const at = passTaggedFields(bytes, from, end)
  if (at < 0) throw malformedHeader('tagged fields', 'they are not tags and sizes', from - frameStart)
  return at
}

function malformedHeader(field: string, reason: string, offset: number): Error {
  return kafkaErrors.create('kafka.malformed', { direction: 'header', field, offset, reason })
}

function writeInt32(value: number): void {
  output.b.writeInt32BE(value, output.p)
  output.p += 4
}

function writeClientId(clientId: string | null): void {
  const room = clientId === null ? 2 : clientId.length * 3 + 5
  if (output.b.length - output.p < room) output.more(room)
  if (clientId === null) {
    output.b.writeInt16BE(-1, output.p)
    output.p += 2
    return
  }
  const end = putText(output.b, output.p, clientId)
  if (end < 0) throw kafkaErrors.create('kafka.unwritable', { field: 'clientId', reason: 'a string is too long' })
  output.p = end
}
