import { encodeRequest, encodeResponse } from '../src/codec/messages.ts'
import type { RequestToSend, ResponseOf } from '../src/codec/schema.ts'
import type { Api } from '../src/index.ts'
import { apis } from '../src/messages/index.ts'
import { distinctValue } from './leaves.ts'
import { layoutOf, versionsOf } from './values.ts'

/** One line for each message in each version: its name and the frame of a value that depends on the declaration alone. */
export function goldenLines(): string[] {
  return apis.flatMap(api =>
    versionsOf(api).flatMap(version => [requestLine(api, version), responseLine(api, version)]),
  )
}

function requestLine(api: Api, version: number): string {
  const value = distinctValue(api.request, layoutOf(api, version)) as RequestToSend<Api>
  const { pieces } = encodeRequest(api, version, { correlationId: 1, clientId: 'golden' }, value)
  return `${api.name} request v${version} ${Buffer.concat(pieces).toString('hex')}`
}

function responseLine(api: Api, version: number): string {
  const value = distinctValue(api.response, layoutOf(api, version)) as ResponseOf<Api>
  return `${api.name} response v${version} ${Buffer.concat(encodeResponse(api, version, 1, value).pieces).toString('hex')}`
}
