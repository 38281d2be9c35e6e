/**
 * Where the objects of sessions are kept. Records stand apart from chunks, so that listing sessions never walks chunks.
 *
 * ```text
 * sessions/records/<session id>                      state of the session (record.ts)
 * sessions/chunks/<session id>/<index, 10 digits>    one sealed chunk (chunk-format.ts)
 * sessions/trees/<session id>/tile/…                 C2SP tlog-tiles
 * sessions/trees/<session id>/checkpoint             the latest signed checkpoint
 * sessions/pending/<session id>                      empty: a root of the session has not been announced, or not been cosigned
 * ```
 */

const indexDigits = 10

export const recordsPrefix = 'sessions/records/'
export const pendingPrefix = 'sessions/pending/'

export function recordKey(sessionId: string): string {
  return recordsPrefix + sessionId
}

export function pendingKey(sessionId: string): string {
  return pendingPrefix + sessionId
}

export function chunksPrefix(sessionId: string): string {
  return `sessions/chunks/${sessionId}/`
}

export function chunkKey(sessionId: string, index: number): string {
  return chunksPrefix(sessionId) + String(index).padStart(indexDigits, '0')
}

/** undefined where the key is not one of `chunkKey`. */
export function chunkIndexOf(sessionId: string, key: string): number | undefined {
  const digits = key.slice(chunksPrefix(sessionId).length)
  return /^\d{10}$/.test(digits) ? Number(digits) : undefined
}

export function treeKey(sessionId: string, path: string): string {
  return `sessions/trees/${sessionId}/${path}`
}

export function checkpointKey(sessionId: string): string {
  return treeKey(sessionId, 'checkpoint')
}
