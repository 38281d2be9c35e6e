/** Chunks in JSON: one, or a batch of them. */
import type { ChunkReceipt, IncomingChunk } from '@chronicle/sessions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { decodeBase64 } from '../base64.ts'
import type { JsonWithData } from '../json-with-data.ts'
import { problemOf, problemStatus } from '../problem.ts'
import { type BodyOptions, takeBodiesOf, withJson } from './body.ts'
import { checkChunkIndex, checkFields, checkMetadata, checkSessionId, checkSha256, invalidChunk } from './checks.ts'
import { batchBytesMax, chunkJsonBytesMax } from './limits.ts'
import { requestOf } from './refusals.ts'
import * as schemas from './schemas.ts'
import { receiptView } from './views.ts'

const chunkFields = ['session_id', 'chunk_index', 'data', 'sha256', 'metadata']

/** POST /api/v1/chunks/process and …/process-batch. */
export function addJsonChunkRoutes(scope: FastifyInstance, options: BodyOptions): void {
  takeBodiesOf(scope, 'application/json')
  scope.post('/api/v1/chunks/process', { schema: schemas.processChunk }, (request, reply) =>
    processOne(request, reply, options),
  )
  scope.post('/api/v1/chunks/process-batch', { schema: schemas.processBatch }, (request, reply) =>
    processBatch(request, reply, options),
  )
}

function processOne(request: FastifyRequest, reply: FastifyReply, options: BodyOptions): Promise<object> {
  const { sessions } = options
  const bytesMax = chunkJsonBytesMax(sessions.settings)
  return withJson({ request, reply, bytesMax }, options, async json => {
    return receiptView(await sessions.process(chunkOf(json.value, json, 'the body')))
  })
}

/** One chunk that fails leaves the others alone: each has a status and an answer of its own. */
async function processBatch(request: FastifyRequest, reply: FastifyReply, options: BodyOptions): Promise<object> {
  const { sessions } = options
  const { batchSize } = sessions.settings
  const bytesMax = batchBytesMax(sessions.settings)
  const outcomes = await withJson({ request, reply, bytesMax }, options, async json => {
    const { chunks } = checkFields(json.value, ['chunks'], 'the body')
    if (!Array.isArray(chunks)) throw invalidChunk('chunks', chunks, 'a list of chunks')
    if (chunks.length < 1 || chunks.length > batchSize) {
      throw invalidChunk('chunks', `${chunks.length} chunks`, `1 to ${batchSize} chunks`)
    }
    return processAll(chunks, json, { ...options, request })
  })
  const succeeded = outcomes.filter(({ status }) => status === 200).length
  return { succeeded, failed: outcomes.length - succeeded, results: outcomes }
}

type Outcome = { readonly status: number; readonly chunk?: object; readonly problem?: object }

/** As many at once as there are workers: a batch takes no more places in the queue than it can use. */
async function processAll(
  chunks: readonly unknown[],
  json: JsonWithData,
  { sessions, request }: BodyOptions & { readonly request: FastifyRequest },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < chunks.length) {
      const at = next++
      const name = `chunks[${at}]`
      outcomes[at] = await outcomeOf(
        () => sessions.process(chunkOf(chunks[at], json, name)),
        error => sessions.recordRefusal({ ...requestOf(request), chunk: name }, error),
      )
    }
  }
  await Promise.all(Array.from({ length: Math.min(chunks.length, sessions.settings.maxWorkers) }, work))
  return outcomes
}

async function outcomeOf(
  process: () => Promise<ChunkReceipt>,
  onRefused: (error: unknown) => Promise<void>,
): Promise<Outcome> {
  try {
    return { status: 200, chunk: receiptView(await process()) }
  } catch (error) {
    await onRefused(error)
    return { status: problemStatus(error), problem: problemOf(error) }
  }
}

function chunkOf(value: unknown, { longText }: JsonWithData, name: string): IncomingChunk {
  const fields = checkFields(value, chunkFields, name)
  const sessionId = checkSessionId(fields.session_id)
  const chunkIndex = checkChunkIndex(fields.chunk_index)
  const sha256 = checkSha256(fields.sha256)
  const metadata = checkMetadata(fields.metadata)
  const { data } = fields
  const body = typeof data === 'string' ? decodeBase64(longText(data)) : undefined
  if (body === undefined) throw invalidChunk('data', data, 'bytes in base64 (RFC 4648, section 4), with padding')
  return { sessionId, chunkIndex, body, announcedBytes: body.length, sha256, metadata }
}
