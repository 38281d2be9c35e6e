/** Sessions in the OpenAPI document. JSON Schema as it stands: see `topics.ts`. */
import { problemResponse } from '../problem.ts'
import { binary, json, plainText } from './media.ts'

const tags = ['sessions']

const sessionId = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  description: 'Chosen by the recorder. A session begins with its first chunk.',
  examples: ['recording-2026-11-21'],
} as const
const chunkIndex = {
  type: 'integer',
  minimum: 0,
  description: 'Place of the chunk in its session, from 0. Chunks may come in any order.',
  examples: [0],
} as const
const hash = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const
const sha256 = {
  ...hash,
  description: 'SHA-256 of the plain bytes, in hex',
  examples: ['2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
} as const
const metadata = {
  type: 'object',
  additionalProperties: true,
  description: 'JSON of up to 16 KiB that is bound to the chunk: the proof covers it',
  examples: [{ camera: 'front' }],
} as const
const size = (description: string): object => ({ type: 'integer', minimum: 0, description })
const time = (description: string): object => ({ type: 'string', format: 'date-time', description })

const Chunk = {
  $id: 'Chunk',
  description: 'A chunk as it is posted in JSON',
  type: 'object',
  required: ['session_id', 'chunk_index', 'data'],
  additionalProperties: false,
  properties: {
    session_id: sessionId,
    chunk_index: chunkIndex,
    data: {
      type: 'string',
      contentEncoding: 'base64',
      description: 'The bytes in base64 (RFC 4648, section 4), with padding. At most `max_chunk_size` bytes.',
      examples: ['aGVsbG8='],
    },
    sha256: {
      ...sha256,
      description: 'SHA-256 of the plain bytes, in hex. Where it is given and differs, the chunk is refused.',
    },
    metadata,
  },
} as const

const Receipt = {
  $id: 'Receipt',
  description: 'Acknowledges a chunk: its sealed bytes are stored, and its leaf in the tree is durable.',
  type: 'object',
  required: [
    'chunk_id',
    'session_id',
    'chunk_index',
    'plain_size',
    'stored_size',
    'sha256',
    'leaf_index',
    'leaf_hash',
    'key_id',
    'processing_ms',
    'repeated',
  ],
  properties: {
    chunk_id: { type: 'string', description: 'Session id and chunk index', examples: ['recording-2026-11-21/0'] },
    session_id: sessionId,
    chunk_index: chunkIndex,
    plain_size: size('Bytes as they were posted'),
    stored_size: size('Bytes of the sealed object'),
    sha256,
    leaf_index: size('Place in the Merkle tree: the chunk index'),
    leaf_hash: { ...hash, description: 'Leaf hash of RFC 6962 over the salted hash of the chunk, in hex' },
    key_id: { type: 'string', description: 'Key that the chunk is sealed with' },
    processing_ms: { type: 'number', description: 'Time from the first byte to the acknowledgement' },
    repeated: { type: 'boolean', description: 'The chunk was there already, with the same bytes' },
  },
} as const

const Session = {
  $id: 'Session',
  description: 'How a session is',
  type: 'object',
  required: ['session_id', 'state', 'created_at', 'chunks', 'tree_size', 'plain_size', 'stored_size', 'key_id'],
  properties: {
    session_id: sessionId,
    state: { type: 'string', enum: ['open', 'finalizing', 'finalized', 'deleted'] },
    created_at: time('When its first chunk came'),
    finalized_at: time('When it was finalised; absent before'),
    deleted_at: time('When it was deleted; absent before'),
    chunks: size('Chunks that are stored'),
    tree_size: size('Chunks from 0 on without a gap: what the tree covers'),
    plain_size: size('Bytes of all chunks as they were posted'),
    stored_size: size('Bytes of all sealed objects'),
    key_id: { type: 'string', description: "Data key that the session's keys are derived from" },
  },
} as const

const Root = {
  $id: 'Root',
  description: 'The root of a Merkle tree, to anchor',
  type: 'object',
  required: ['session_id', 'merkle_root', 'tree_size', 'checkpoint'],
  properties: {
    session_id: sessionId,
    merkle_root: { ...hash, description: 'In hex (RFC 6962)' },
    tree_size: size('Chunks that it covers'),
    checkpoint: {
      type: 'string',
      description: 'C2SP tlog-checkpoint: a signed note, with the cosignatures of witnesses',
    },
  },
} as const

export const sharedSchemas: readonly object[] = [Chunk, Receipt, Session, Root]

const sessionPath = {
  type: 'object',
  required: ['session_id'],
  properties: { session_id: sessionId },
} as const
const chunkPath = {
  type: 'object',
  required: ['session_id', 'chunk_index'],
  properties: { session_id: sessionId, chunk_index: chunkIndex },
} as const

const problems = {
  400: problemResponse('A field is not accepted: the detail names it, its value and what is accepted'),
  404: problemResponse('There is no such session or chunk'),
  410: problemResponse('The session was deleted'),
} as const
const chunkProblems = {
  400: problems[400],
  408: problemResponse('The chunk did not arrive, or was not processed, in time'),
  409: problemResponse(
    'There is another chunk with this index, or the session is finalised, or too many chunks before this one are missing',
  ),
  410: problems[410],
  413: problemResponse('The chunk or the session gets larger than is accepted'),
  415: problemResponse('The type of the body is not accepted'),
  422: problemResponse('The bytes do not have the SHA-256 that was given'),
  429: problemResponse('The queue is full: send the chunk again after Retry-After seconds; nothing of it was kept'),
  503: problemResponse('The server is stopping, or its storage or keys cannot be used'),
} as const

export const processChunk = {
  operationId: 'processChunk',
  summary: 'Seal one chunk',
  description:
    'The answer comes once the chunk is durable. The same chunk again is answered as before; another one with the same index is refused.',
  tags,
  body: json({ $ref: 'Chunk#' }),
  response: { 200: { description: 'The chunk is durable', ...json({ $ref: 'Receipt#' }) }, ...chunkProblems },
}

const BatchResult = {
  type: 'object',
  required: ['status'],
  properties: {
    status: { type: 'integer', description: 'As process would have answered for this chunk' },
    chunk: { $ref: 'Receipt#' },
    problem: { $ref: 'Problem#' },
  },
} as const

export const processBatch = {
  operationId: 'processChunks',
  summary: 'Seal many chunks',
  description:
    'Up to `batch_size` chunks in a body of at most 64 MiB (or the largest chunk, where that is more). Each is answered for itself, in order: one bad chunk fails alone, and the answer is 200 all the same.',
  tags,
  body: json({
    type: 'object',
    required: ['chunks'],
    additionalProperties: false,
    properties: { chunks: { type: 'array', minItems: 1, items: { $ref: 'Chunk#' } } },
  }),
  response: {
    200: {
      description: 'A result for each chunk, in order',
      ...json({
        type: 'object',
        required: ['succeeded', 'failed', 'results'],
        properties: {
          succeeded: size('Chunks that are durable'),
          failed: size('Chunks that are not'),
          results: { type: 'array', items: BatchResult },
        },
      }),
    },
    400: problems[400],
    408: chunkProblems[408],
    413: chunkProblems[413],
    415: chunkProblems[415],
    429: chunkProblems[429],
    503: chunkProblems[503],
  },
}

export const putChunk = {
  operationId: 'putChunk',
  summary: 'Seal one chunk, as raw bytes',
  description: 'For large chunks: the bytes are streamed, in constant memory.',
  tags,
  params: chunkPath,
  headers: {
    type: 'object',
    properties: {
      'x-chunk-sha256': { ...sha256, description: 'SHA-256 of the bytes, in hex' },
      'content-digest': { type: 'string', description: 'The same, as RFC 9530 has it: `sha-256=:BASE64:`' },
      'x-chunk-metadata': { type: 'string', description: 'Metadata as JSON', examples: ['{"camera":"front"}'] },
    },
  },
  body: binary(),
  response: {
    200: { description: 'The chunk was there already', ...json({ $ref: 'Receipt#' }) },
    201: { description: 'The chunk is durable', ...json({ $ref: 'Receipt#' }) },
    ...chunkProblems,
  },
}

export const getChunk = {
  operationId: 'getChunk',
  summary: 'Read one chunk back',
  description:
    'Decrypted and verified. The entity tag is its SHA-256. Its metadata come as the header x-chunk-metadata unless they are longer than 8 KiB; the proof has them always. What turns out to be damaged on the way breaks the connection.',
  tags,
  params: chunkPath,
  response: {
    200: { description: 'The bytes as they were posted', ...binary() },
    304: { description: 'The chunk that If-None-Match names', type: 'null' },
    ...problems,
  },
}

export const proof = {
  operationId: 'getChunkProof',
  summary: 'Prove one chunk',
  description:
    'A C2SP tlog-proof that verifies offline: `chronicle verify`. Its extra line has salt, hash and metadata of the chunk.',
  tags,
  params: chunkPath,
  response: {
    200: { description: 'The proof', ...plainText() },
    ...problems,
    409: problemResponse('The tree does not cover the chunk yet: an earlier one is missing'),
  },
}

export const consistency = {
  operationId: 'getConsistencyProof',
  summary: 'Prove that a tree only grew',
  tags,
  params: sessionPath,
  querystring: {
    type: 'object',
    properties: {
      from: { type: 'integer', minimum: 0, default: 0, description: 'The smaller size' },
      to: { type: 'integer', minimum: 0, description: 'The larger size; the current one when left out' },
    },
  },
  response: {
    200: {
      description: 'Consistency proof of RFC 6962',
      ...json({
        type: 'object',
        required: ['session_id', 'from', 'to', 'hashes'],
        properties: {
          session_id: sessionId,
          from: size('The smaller size'),
          to: size('The larger size'),
          hashes: { type: 'array', items: hash },
        },
      }),
    },
    ...problems,
  },
}

export const merkleRoot = {
  operationId: 'getMerkleRoot',
  summary: 'The root of a session',
  description: 'Of the tree as it is now. The checkpoint is durable before it is given out.',
  tags,
  params: sessionPath,
  response: { 200: { description: 'The root', ...json({ $ref: 'Root#' }) }, ...problems },
}

export const checkpoint = {
  operationId: 'getCheckpoint',
  summary: 'The checkpoint of a session',
  description: 'C2SP tlog-checkpoint of the tree as it is now, as a signed note.',
  tags,
  params: sessionPath,
  response: { 200: { description: 'The signed note', ...plainText() }, ...problems },
}

export const tile = {
  operationId: 'getTile',
  summary: 'A tile of the tree of a session',
  description: 'C2SP tlog-tiles: tile/<L>/<N>[.p/<W>] and tile/entries/<N>[.p/<W>]. Full tiles never change.',
  tags,
  params: {
    type: 'object',
    required: ['session_id', '*'],
    properties: {
      session_id: sessionId,
      '*': { type: 'string', description: 'Level and number', examples: ['0/000'] },
    },
  },
  response: { 200: { description: 'The hashes of the tile, or its entries', ...binary() }, ...problems },
}

export const vkey = {
  operationId: 'getVkey',
  summary: 'The public key',
  description:
    'Verifier key (C2SP signed-note vkey) of the checkpoints of this installation. Keep a copy where the server cannot reach it.',
  tags,
  response: { 200: { description: 'The key', ...plainText() } },
}

export const listSessions = {
  operationId: 'listSessions',
  summary: 'List the sessions',
  description: 'Sorted by id, a page at a time.',
  tags,
  querystring: {
    type: 'object',
    properties: {
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      after: { type: 'string', description: 'Session id that the page before ended with' },
    },
  },
  response: {
    200: {
      description: 'One page',
      ...json({
        type: 'object',
        required: ['sessions', 'damaged'],
        properties: {
          sessions: { type: 'array', items: { $ref: 'Session#' } },
          damaged: {
            type: 'array',
            items: { type: 'string' },
            description: 'Ids of those on this page whose record is damaged',
          },
          next: { type: 'string', description: 'Give as `after` for the next page; absent on the last one' },
        },
      }),
    },
    400: problems[400],
  },
}

export const getSession = {
  operationId: 'getSession',
  summary: 'How a session is',
  tags,
  params: sessionPath,
  response: {
    200: { description: 'The session', ...json({ $ref: 'Session#' }) },
    400: problems[400],
    404: problems[404],
  },
}

export const finalize = {
  operationId: 'finalizeSession',
  summary: 'Finalise a session',
  description: 'Closes it and gives its root. Later chunks are refused. Doing it again gives the same answer.',
  tags,
  params: sessionPath,
  response: {
    200: { description: 'The final root', ...json({ $ref: 'Root#' }) },
    ...problems,
    409: problemResponse('Chunks are missing: the detail says which'),
  },
}

export const deleteSession = {
  operationId: 'deleteSession',
  summary: 'Delete a session for good',
  description:
    'Destroys its key and removes its chunks: nobody can read them again. Tree and checkpoint stay, so that what was proved stays proved. It is asked twice: `confirm` repeats the session id.',
  tags,
  params: sessionPath,
  querystring: {
    type: 'object',
    required: ['confirm'],
    properties: { confirm: { ...sessionId, description: 'The session id once more' } },
  },
  response: {
    200: { description: 'The session, deleted', ...json({ $ref: 'Session#' }) },
    400: problems[400],
    404: problems[404],
  },
}
