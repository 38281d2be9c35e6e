import type { Queries } from './contract.ts'

/**
 * Locks that a transaction holds until it ends: a pooler may give its session to another one afterwards. Their numbers are one space with those of all
 * other programs in the same database; these are the first 32 bits of SHA-256 of `chronicle observe migrate`, `chronicle observe write` and `chronicle observe rebuild`.
 */
const migrationLock = '2163040495'
const writerLock = '604360696'
/** Whoever holds it is the only one that makes and removes schemas of rebuilds. */
export const rebuildLock = '3135647503'

/** How long one who comes second waits before it fails with 'observe.database-unavailable', and may try again. */
const lockTimeoutMs = 10_000

export function lockMigrations(queries: Queries): Promise<void> {
  return lock(queries, migrationLock)
}

/** Whoever holds it is the only one that adds events, traces and metrics, so that what it has read of them stays true until it commits (OD2). */
export function lockWriter(queries: Queries): Promise<void> {
  return lock(queries, writerLock)
}

function lock(queries: Queries, key: string): Promise<void> {
  return queries.script(`set local lock_timeout = ${lockTimeoutMs}; select pg_advisory_xact_lock(${key})`)
}
