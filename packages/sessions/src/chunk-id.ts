import { sessionErrors } from './errors.ts'
import { chunkIndexMax, sessionIdCharactersMax, sessionsListedMax } from './limits.ts'

const sessionIdPattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${sessionIdCharactersMax - 1}}$`)
const sha256Pattern = /^[0-9a-fA-F]{64}$/

/** Throws 'sessions.invalid-session-id'. */
export function checkSessionId(id: unknown): asserts id is string {
  if (typeof id === 'string' && sessionIdPattern.test(id)) return
  throw sessionErrors.create('sessions.invalid-session-id', { session: JSON.stringify(String(id).slice(0, 200)) })
}

/** Throws 'sessions.invalid-chunk-index'. */
export function checkChunkIndex(index: unknown): asserts index is number {
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index <= chunkIndexMax) return
  throw sessionErrors.create('sessions.invalid-chunk-index', { index: String(index).slice(0, 40), max: chunkIndexMax })
}

/** The announced hash in lower case. Throws 'sessions.invalid-chunk'. */
export function checkSha256(sha256: unknown): string | undefined {
  if (sha256 === undefined) return undefined
  if (typeof sha256 === 'string' && sha256Pattern.test(sha256)) return sha256.toLowerCase()
  throw sessionErrors.create('sessions.invalid-chunk', { field: 'sha256', accepted: '64 hexadecimal digits' })
}

/** Throws 'sessions.invalid-chunk'. */
export function checkListLimit(limit: unknown): asserts limit is number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= sessionsListedMax) return
  const accepted = `a whole number from 1 to ${sessionsListedMax}`
  throw sessionErrors.create('sessions.invalid-chunk', { field: 'limit', accepted })
}
