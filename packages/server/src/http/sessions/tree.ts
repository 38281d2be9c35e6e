/** What proves the chunks of a session: roots, checkpoints, proofs, tiles. Texts and static files as C2SP writes them. */
import type { Sessions } from '@chronicle/sessions'
import type { FastifyInstance } from 'fastify'
import { serverErrors } from '../../errors.ts'
import { queryNumber } from '../query.ts'
import { parseChunkIndex } from './checks.ts'
import * as schemas from './schemas.ts'
import { rootView } from './views.ts'

type SessionPath = { Params: { session_id: string } }
type ChunkPath = { Params: { session_id: string; chunk_index: string } }
type TilePath = { Params: { session_id: string; '*': string } }

const session = '/api/v1/sessions/:session_id'
const text = 'text/plain; charset=utf-8'

/** A tile that is full never changes. One that is not gives way to a fuller one. */
const caching = { full: 'public, max-age=31536000, immutable', partial: 'public, max-age=60', fresh: 'no-cache' }

/** GET of …/merkle-root, checkpoint, consistency, tile/… and chunks/{chunk_index}/proof, and of /api/v1/vkey. */
export function addTreeRoutes(scope: FastifyInstance, sessions: Sessions): void {
  scope.get<SessionPath>(`${session}/merkle-root`, { schema: schemas.merkleRoot }, async request =>
    rootView(await sessions.root(request.params.session_id)),
  )
  scope.get<SessionPath>(`${session}/checkpoint`, { schema: schemas.checkpoint }, async (request, reply) => {
    const { checkpoint } = await sessions.root(request.params.session_id)
    return reply.type(text).header('cache-control', caching.fresh).send(checkpoint)
  })
  scope.get<ChunkPath>(`${session}/chunks/:chunk_index/proof`, { schema: schemas.proof }, async (request, reply) => {
    const { session_id, chunk_index } = request.params
    const index = parseChunkIndex(chunk_index)
    const proof = await sessions.proof(session_id, index)
    const filename = `${session_id}-${index}.tlog-proof`
    return reply.type(text).header('content-disposition', `attachment; filename="${filename}"`).send(proof)
  })
  addConsistency(scope, sessions)
  addTiles(scope, sessions)
  scope.get('/api/v1/vkey', { schema: schemas.vkey }, (_request, reply) =>
    reply.type(text).send(`${sessions.publicKey}\n`),
  )
}

function addConsistency(scope: FastifyInstance, sessions: Sessions): void {
  type Query = { Querystring: Record<string, unknown> }
  scope.get<SessionPath & Query>(`${session}/consistency`, { schema: schemas.consistency }, async request => {
    const { session_id } = request.params
    const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER }
    const from = queryNumber(request.query, 'from', bounds, 0)
    const to = queryNumber(request.query, 'to', bounds, undefined)
    return { session_id, ...(await sessions.consistency(session_id, from, to)) }
  })
}

function addTiles(scope: FastifyInstance, sessions: Sessions): void {
  scope.get<TilePath>(`${session}/tile/*`, { schema: schemas.tile }, async (request, reply) => {
    const { session_id, '*': rest } = request.params
    const bytes = await sessions.tile(session_id, `tile/${rest}`)
    if (bytes === undefined) {
      throw serverErrors.create('server.not-found', { method: request.method, path: request.url.slice(0, 200) })
    }
    const isPartial = rest.includes('.p/')
    return reply
      .type('application/octet-stream')
      .header('cache-control', isPartial ? caching.partial : caching.full)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  })
}
