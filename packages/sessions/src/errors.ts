import { errorFamily } from '@chronicle/base'

/** Every way in which sessions refuse. */
export const sessionErrors = errorFamily('sessions', {
  'sessions.busy': {
    summary: 'As many chunks are being processed as the queue takes',
    remedy: 'Send the chunk again after the time in Retry-After; nothing of it was kept.',
  },
  'sessions.chunk-too-large': {
    summary: 'The chunk is larger than a chunk may be',
    remedy: 'Cut it into smaller chunks, or raise sessions.max-chunk-size.',
  },
  'sessions.session-too-large': {
    summary: 'The session would get larger than a session may be',
    remedy: 'Finalise it and begin another one, or raise sessions.max-session-size.',
  },
  'sessions.too-far-ahead': {
    summary: 'Too many chunks before this one are missing',
    remedy: 'Send the missing chunks first: the first of them is named.',
  },
  'sessions.chunk-differs': {
    summary: 'There is a chunk with this index already, and it has other bytes or other metadata',
    remedy: 'Give the new chunk its own index. The first one stays.',
  },
  'sessions.hash-mismatch': {
    summary: 'The bytes that came do not have the SHA-256 that was announced',
    remedy: 'Send the chunk again; it was changed on its way, or hashed wrongly. Nothing of it was kept.',
  },
  'sessions.invalid-session-id': {
    summary: 'The session id is not accepted',
    remedy: 'Use 1 to 85 letters, digits, dots, underscores and hyphens, beginning with a letter or digit.',
  },
  'sessions.invalid-chunk-index': {
    summary: 'The chunk index is not accepted',
    remedy: 'Use a whole number from 0 to the largest one, which is named.',
  },
  'sessions.invalid-chunk': {
    summary: 'The chunk is not accepted',
    remedy: 'Give the named field as it is accepted.',
  },
  'sessions.session-not-found': {
    summary: 'There is no such session',
    remedy: 'A session begins with its first chunk. GET /api/v1/sessions lists them.',
  },
  'sessions.chunk-not-found': {
    summary: 'There is no such chunk in this session',
    remedy: 'GET /api/v1/sessions/{session_id} says how many chunks there are.',
  },
  'sessions.not-covered': {
    summary: 'The tree does not cover this chunk yet: an earlier one is missing',
    remedy: 'Send the missing chunk that is named; the proof can be had then.',
  },
  'sessions.invalid-range': {
    summary: 'The sizes do not lie in the tree',
    remedy: 'Give sizes from 0 to the size of the tree that is named, the smaller one first.',
  },
  'sessions.incomplete': {
    summary: 'Chunks are missing, so the session cannot be finalised',
    remedy: 'Send the missing chunks that are named, then finalise again.',
  },
  'sessions.finalized': {
    summary: 'The session is finalised and takes no more chunks',
    remedy: 'Begin another session.',
  },
  'sessions.deleted': {
    summary: 'The session was deleted and its key destroyed',
    remedy: 'Its chunks cannot be brought back; its tree and checkpoint still prove what was in it.',
  },
  'sessions.timed-out': {
    summary: 'The chunk was not done in time',
    remedy: 'Send it again, faster or in smaller chunks; nothing of it was kept.',
  },
  'sessions.damaged': {
    summary: 'A stored part of the session is damaged',
    remedy: 'Restore the named object from a copy. `chronicle verify` says what else is affected.',
  },
  'sessions.worker-failed': {
    summary: 'The worker that processed the chunk failed',
    remedy: 'Send the chunk again; a new worker has taken its place.',
  },
  'sessions.closed': {
    summary: 'The server is stopping',
    remedy: 'Send the chunk again when it is back; nothing of it was kept.',
  },
})
