/** OTLP in the OpenAPI document. */
import { problemResponse } from '../problem.ts'

const ExportedTraces = {
  type: 'object',
  description: 'ExportTraceServiceResponse',
  properties: {
    partialSuccess: {
      type: 'object',
      description: 'Absent where every span was taken. A client does not send rejected spans again.',
      properties: {
        rejectedSpans: { type: 'string', description: 'How many, as a decimal text' },
        errorMessage: { type: 'string', description: 'Why, for the first of them' },
      },
    },
  },
} as const

const Status = {
  type: 'object',
  description: 'google.rpc.Status',
  properties: { code: { type: 'integer' }, message: { type: 'string' } },
} as const

const binary = { type: 'string', contentEncoding: 'binary' } as const

const inBoth = (description: string, schema: object): object => ({
  description,
  content: { 'application/x-protobuf': { schema: binary }, 'application/json': { schema } },
})

export const exportTraces = {
  operationId: 'exportTraces',
  summary: 'Take spans in (OTLP)',
  description:
    'An ExportTraceServiceRequest of OpenTelemetry, plain or with `Content-Encoding` gzip or deflate, at most 20 MiB before and after it is decompressed. Exporters are pointed here with OTEL_EXPORTER_OTLP_ENDPOINT=http://HOST:8700. Answered once the spans are durable, in the encoding of the request. Browsers are not served: there is no CORS.',
  tags: ['observe'],
  body: {
    content: {
      'application/x-protobuf': { schema: binary },
      'application/json': {
        schema: { type: 'object', description: 'ExportTraceServiceRequest', additionalProperties: true },
      },
    },
  },
  response: {
    200: inBoth('The spans are durable, except those that were rejected', ExportedTraces),
    400: inBoth('The request cannot be read', Status),
    408: inBoth('The request did not arrive in time', Status),
    413: inBoth('The request is too large, or has more spans than the buffer takes', Status),
    415: problemResponse('Another type, or compressed in another way'),
    503: inBoth(
      'The buffer is full, or the log takes nothing at present; Retry-After says when to send it again',
      Status,
    ),
  },
} as const
