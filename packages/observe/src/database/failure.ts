import type { ChronicleError } from '@chronicle/base'
import { observeErrors } from '../errors.ts'

/** What a failure means for whoever wants to go on. */
export type FailureKind = 'unavailable' | 'data' | 'refused'

/**
 * Decides by SQLSTATE (PostgreSQL, appendix A) what becomes of a statement that failed; the first row that matches counts.
 * An error without one comes from the network or from the driver that lost its connection.
 */
const kinds: readonly { readonly states: RegExp; readonly kind: FailureKind; readonly cause: string }[] = [
  { states: /^(22|23)/, kind: 'data', cause: 'a value that a column does not take, or a constraint' },
  { states: /^54/, kind: 'data', cause: 'a value that is too large for an index or for PostgreSQL' },
  { states: /^08/, kind: 'unavailable', cause: 'the connection broke' },
  { states: /^53/, kind: 'unavailable', cause: 'no connections, memory or room on the disk are left' },
  { states: /^57P0[1235]/, kind: 'unavailable', cause: 'the server stops, starts, recovers, or ends a session' },
  { states: /^57014/, kind: 'unavailable', cause: 'a statement took longer than it may' },
  { states: /^25P0[34]/, kind: 'unavailable', cause: 'a transaction was idle for too long' },
  { states: /^(40001|40P01|40003)/, kind: 'unavailable', cause: 'a conflict with another transaction' },
  { states: /^55P03/, kind: 'unavailable', cause: 'somebody else holds the lock' },
  { states: /^58/, kind: 'unavailable', cause: "the server's disk" },
  { states: /^25006/, kind: 'unavailable', cause: 'a standby that is not promoted yet' },
  { states: /^[0-9A-Z]{5}$/, kind: 'refused', cause: 'permissions, passwords, a schema that is not ours' },
]

export function kindOf(sqlstate: string | undefined): FailureKind {
  return kinds.find(({ states }) => states.test(sqlstate ?? ''))?.kind ?? 'unavailable'
}

/** Certificates and passwords do not get better by waiting, although no server gave them a SQLSTATE. */
const configurationCodes = /^(ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ENOENT|EACCES)/

/** Runs a call of a driver; what it throws becomes an error of ours. */
export async function calling<T>(driver: () => Promise<T>): Promise<T> {
  try {
    return await driver()
  } catch (thrown) {
    throw databaseError(thrown)
  }
}

/** What the driver threw as an error of ours. Messages of the server can quote values of rows: of them only the SQLSTATE and names of the schema are kept. */
export function databaseError(thrown: unknown): ChronicleError {
  const error = (thrown ?? {}) as { code?: unknown; constraint?: unknown; column?: unknown; table?: unknown }
  const code = typeof error.code === 'string' ? error.code : undefined
  const sqlstate = code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code) ? code : undefined
  if (sqlstate === undefined) {
    const network = { reason: code ?? driverMessage(thrown) }
    return configurationCodes.test(code ?? '')
      ? observeErrors.create('observe.database-refused', network)
      : observeErrors.create('observe.database-unavailable', network)
  }
  const details = {
    sqlstate,
    table: nameOf(error.table),
    column: nameOf(error.column),
    constraint: nameOf(error.constraint),
  }
  switch (kindOf(sqlstate)) {
    case 'data':
      return observeErrors.create('observe.data-refused', details)
    case 'unavailable':
      return observeErrors.create('observe.database-unavailable', details)
    case 'refused':
      return observeErrors.create('observe.database-refused', details)
  }
}

/** What the drivers say of themselves without a code: a closed list, for anything else might quote what it was given. */
function driverMessage(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : ''
  const known = ['timeout', 'terminated', 'Connection ended', 'does not support SSL', 'not queryable', 'closed']
  return known.some(words => message.includes(words)) ? message : 'the driver failed'
}

function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
