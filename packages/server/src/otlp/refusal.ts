import { ChronicleError } from '@chronicle/base'
import { knownError, problemStatus } from '../http/problem.ts'

/** gRPC's status codes, as far as they are answered (grpc.io/docs/guides/status-codes). */
export const grpcCodes = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const

export type Outcome = 'invalid' | 'too-large' | 'busy' | 'late' | 'failed'

/** How a request that was not taken is answered, over either protocol. */
export type Refusal = {
  readonly outcome: Outcome
  readonly httpStatus: number
  readonly grpcCode: number
  /** The same request may be taken later: exporters send it again, and only then. */
  readonly mayRetry: boolean
  readonly message: string
}

type Kind = Omit<Refusal, 'message'>

const invalid: Kind = { outcome: 'invalid', httpStatus: 400, grpcCode: grpcCodes.invalidArgument, mayRetry: false }
/** gRPC's own libraries say RESOURCE_EXHAUSTED here, which some exporters send again whatever comes with it. */
const tooLarge: Kind = { ...invalid, outcome: 'too-large', httpStatus: 413 }
const notRead: Kind = { ...invalid, httpStatus: 415, grpcCode: grpcCodes.unimplemented }
/** Not 429: it says that this client sends too much, and older exporters drop what was answered with it. */
const busy: Kind = { outcome: 'busy', httpStatus: 503, grpcCode: grpcCodes.unavailable, mayRetry: true }
const failed: Kind = { outcome: 'failed', httpStatus: 500, grpcCode: grpcCodes.internal, mayRetry: false }

const kinds: Readonly<Record<string, Kind>> = {
  'observe.invalid-otlp': invalid,
  'observe.too-many-events': tooLarge,
  'observe.busy': busy,
  'observe.topic-missing': busy,
  'server.busy': busy,
  'server.body-too-large': tooLarge,
  'server.encoding-not-accepted': notRead,
  'server.request-timed-out': { ...invalid, outcome: 'late', httpStatus: 408, grpcCode: grpcCodes.deadlineExceeded },
}

export function refusalOf(error: unknown): Refusal {
  const known = knownError(error)
  const kind = kindOf(error)
  // What went wrong inside is logged and not told.
  const said = kind.outcome === 'failed' || kind.httpStatus === 503 ? known.summary : known.message
  return { ...kind, message: `${said}. ${known.remedy}` }
}

function kindOf(error: unknown): Kind {
  const known = knownError(error)
  const kind = kinds[known.code]
  if (kind !== undefined) return kind
  // The log did not take it: a full disk is made room on, and a restart comes back.
  if (error instanceof ChronicleError && /^(log|wal)\./.test(error.code)) return { ...busy, outcome: 'failed' }
  const httpStatus = problemStatus(error)
  return httpStatus < 500 ? { ...invalid, httpStatus } : failed
}
