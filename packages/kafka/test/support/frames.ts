import { type Api, encodeRequest, type RequestToSend } from '../../src/index.ts'

/** A request as it goes over the wire, its length in front. */
export function frameOf<A extends Api>(
  api: A,
  version: number,
  correlationId: number,
  request: RequestToSend<A>,
): Buffer {
  return Buffer.concat(encodeRequest(api, version, { correlationId, clientId: 'raw' }, request).pieces)
}

/** The beginning of any request, with whatever comes behind. */
export function headerOf(apiKey: number, version: number, correlationId: number, rest = Buffer.of(0xff, 0xff)): Buffer {
  const frame = Buffer.alloc(12)
  frame.writeInt32BE(8 + rest.length)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt16BE(version, 6)
  frame.writeInt32BE(correlationId, 8)
  return Buffer.concat([frame, rest])
}
