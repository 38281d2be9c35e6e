import type { ErrorFamily } from '@chronicle/base'
import type { logErrors } from '@chronicle/log'
import type { objectErrors } from '@chronicle/objects'
import type { observeErrors } from '@chronicle/observe'
import type { sessionErrors } from '@chronicle/sessions'
import type { vaultErrors } from '@chronicle/vault'
import type { serverErrors } from '../errors.ts'

type CodesOf<Family> = Family extends ErrorFamily<infer Code> ? Code : never

/** Every code of sessions: one that is missing here does not compile. */
const sessionStatuses: Record<CodesOf<typeof sessionErrors>, number> = {
  'sessions.busy': 429,
  'sessions.chunk-too-large': 413,
  'sessions.session-too-large': 413,
  'sessions.too-far-ahead': 409,
  'sessions.chunk-differs': 409,
  'sessions.hash-mismatch': 422,
  'sessions.invalid-session-id': 400,
  'sessions.invalid-chunk-index': 400,
  'sessions.invalid-chunk': 400,
  'sessions.session-not-found': 404,
  'sessions.chunk-not-found': 404,
  'sessions.not-covered': 409,
  'sessions.invalid-range': 400,
  'sessions.incomplete': 409,
  'sessions.finalized': 409,
  'sessions.deleted': 410,
  'sessions.timed-out': 408,
  'sessions.damaged': 500,
  'sessions.worker-failed': 503,
  'sessions.closed': 503,
}

/** Every code of observe, likewise. */
const observeStatuses: Record<CodesOf<typeof observeErrors>, number> = {
  'observe.busy': 429,
  'observe.too-many-events': 413,
  'observe.events-refused': 422,
  'observe.topic-missing': 503,
  'observe.unknown-trace': 404,
  'observe.unknown-agent': 404,
  'observe.invalid-cursor': 400,
  'observe.query-timeout': 503,
  'observe.unknown-letter': 404,
  'observe.letter-without-event': 422,
  'observe.letter-refused': 422,
  'observe.invalid-otlp': 400,
  'observe.database-unavailable': 503,
  'observe.tables-opening': 503,
  'observe.database-refused': 503,
  'observe.data-refused': 500,
  'observe.tables-disagree': 500,
  'observe.positions-moved': 503,
  'observe.invalid-database-url': 503,
  'observe.schema-newer': 503,
  'observe.schema-differs': 503,
  'observe.secrets-unavailable': 503,
  'observe.secret-refused': 503,
  'observe.invalid-nats-url': 503,
  'observe.nats-stream-missing': 503,
  'observe.replay-running': 409,
  'observe.replay-not-found': 404,
  'observe.replay-not-waiting': 409,
  'observe.tables-in-use': 409,
  'observe.schema-taken': 409,
  'observe.shadow-missing': 409,
}

/** What a request can bring about in the vault and the object store; all else there is a failure of ours. */
const vaultStatuses: Partial<Record<CodesOf<typeof vaultErrors>, number>> = {
  'vault.key-destroyed': 410,
  'vault.no-passphrase': 503,
  'vault.keychain-unavailable': 503,
  'vault.master-missing': 503,
  'vault.wrong-master': 503,
  'vault.store-changed': 503,
  'vault.audit-failed': 503,
  'vault.closed': 503,
}
const objectStatuses: Partial<Record<CodesOf<typeof objectErrors>, number>> = {
  'objects.no-space': 503,
  'objects.unavailable': 503,
  'objects.outcome-unknown': 503,
}

/** What a request that writes to the log can bring about: a full disk, a restart, a topic that is deleted meanwhile. */
const logStatuses: Partial<Record<CodesOf<typeof logErrors>, number>> = {
  'log.storage': 503,
  'log.closed': 503,
  'log.limit': 503,
  'log.unknown-topic': 503,
}

const serverStatuses: Partial<Record<CodesOf<typeof serverErrors>, number>> = {
  'server.not-found': 404,
  'server.topic-not-found': 404,
  'server.bad-request': 400,
  'server.confirmation-missing': 400,
  'server.host-not-accepted': 403,
  'server.origin-not-accepted': 403,
  'server.request-timed-out': 408,
  'server.body-too-large': 413,
  'server.encoding-not-accepted': 415,
  'server.too-many-followers': 429,
  'server.busy': 429,
}

const statuses = new Map<string, number>(
  [sessionStatuses, observeStatuses, vaultStatuses, objectStatuses, logStatuses, serverStatuses].flatMap(each =>
    Object.entries(each),
  ),
)

/** The status of an answer with `code`. What no request can bring about is a failure of ours: 500. */
export function statusOf(code: string): number {
  return statuses.get(code) ?? 500
}
