/** Chunks as raw bytes: they are streamed in and out, and never held whole. */
import { Readable } from 'node:stream'
import type { ChunkRead, IncomingChunk, Sessions } from '@chronicle/sessions'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { announcedBytes } from '../unread-body.ts'
import { rawBody, takeBodiesOf } from './body.ts'
import { checkSha256, invalidChunk, parseChunkIndex } from './checks.ts'
import { contentDigest, sha256OfContentDigest } from './digest-header.ts'
import { metadataHeader, metadataHeaderOf, parseMetadataHeader } from './metadata-header.ts'
import * as schemas from './schemas.ts'
import { receiptView } from './views.ts'

type ChunkPath = { Params: { session_id: string; chunk_index: string } }

const path = '/api/v1/sessions/:session_id/chunks/:chunk_index'
const sha256Header = 'x-chunk-sha256'

/** PUT, POST, GET and HEAD of …/chunks/{chunk_index}. */
export function addRawChunkRoutes(scope: FastifyInstance, sessions: Sessions): void {
  takeBodiesOf(scope, 'application/octet-stream')
  for (const method of ['PUT', 'POST'] as const) {
    scope.route<ChunkPath>({
      method,
      url: path,
      schema: schemas.putChunk,
      handler: async (request, reply) => {
        const receipt = await sessions.process(incoming(request, reply))
        return reply.code(receipt.repeated ? 200 : 201).send(receiptView(receipt))
      },
    })
  }
  scope.route<ChunkPath>({
    method: ['GET', 'HEAD'],
    url: path,
    schema: schemas.getChunk,
    handler: async (request, reply) => {
      const { session_id, chunk_index } = request.params
      const chunk = await sessions.readChunk(session_id, parseChunkIndex(chunk_index))
      return sendChunk(chunk, { request, reply, stalledMsMax: sessions.settings.workerTimeoutMs })
    },
  })
}

function incoming(request: FastifyRequest<ChunkPath>, reply: FastifyReply): IncomingChunk {
  const { session_id: sessionId, chunk_index } = request.params
  return {
    sessionId,
    chunkIndex: parseChunkIndex(chunk_index),
    announcedBytes: request.headers['content-length'] === undefined ? undefined : announcedBytes(request.raw),
    body: rawBody(request, reply),
    sha256: announcedSha256(request),
    metadata: parseMetadataHeader(oneHeader(request, metadataHeader)),
  }
}

/** From either header; where both are given they say the same. */
function announcedSha256(request: FastifyRequest): string | undefined {
  const own = checkSha256(oneHeader(request, sha256Header), sha256Header)
  const standard = sha256OfContentDigest(oneHeader(request, 'content-digest'))
  if (own !== undefined && standard !== undefined && own !== standard) {
    throw invalidChunk(sha256Header, own, `${standard}, as content-digest says`)
  }
  return own ?? standard
}

function oneHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** The first piece is opened before the answer begins, so that a chunk that cannot be opened is an error like any other. */
async function sendChunk(
  chunk: ChunkRead,
  { request, reply, stalledMsMax }: { request: FastifyRequest; reply: FastifyReply; stalledMsMax: number },
): Promise<FastifyReply> {
  const { receipt, metadata, body } = chunk
  const pieces = body[Symbol.asyncIterator]()
  const etag = `"${receipt.sha256}"`
  const isKnown = isAmong(etag, request.headers['if-none-match'])
  reply.header('etag', etag).header('cache-control', 'private, no-cache')
  if (isKnown || request.method === 'HEAD') await pieces.return?.()
  if (isKnown) return reply.code(304).send()
  const metadataText = metadataHeaderOf(metadata)
  if (metadataText !== undefined) reply.header(metadataHeader, metadataText)
  reply
    .header('content-type', 'application/octet-stream')
    .header('content-length', receipt.plainBytes)
    .header('content-digest', contentDigest(receipt.sha256))
    .header('content-disposition', `attachment; filename="${receipt.sessionId}-${receipt.chunkIndex}"`)
  if (request.method === 'HEAD') return reply.send()
  const first = await pieces.next()
  // Whoever stops taking what he asked for would hold its file and its memory for ever.
  reply.raw.setTimeout(stalledMsMax, () => reply.raw.destroy())
  return reply.send(Readable.from(from(first, pieces), { objectMode: false }))
}

async function* from(first: IteratorResult<Uint8Array>, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

function isAmong(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some(each => ['*', etag, `W/${etag}`].includes(each.trim()))
}
