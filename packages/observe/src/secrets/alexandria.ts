/**
 * Alexandria, the secrets API of a swarm:
 *
 *     GET {ALEXANDRIA_URL}/api/v1/secrets/DATABASE_URL
 *     Accept: application/json
 *     X-Agent-ID: chronicle                     who asks: the secret has to be in the scope of this agent
 *     Authorization: Bearer {ALEXANDRIA_TOKEN}  only where a token is set
 *
 *     200 {"data": {"name": "DATABASE_URL", "value": "postgres://…"}}
 *
 * `{"value": "…"}` is understood as well, and other members are passed over. 401 and 403: the agent may not read it. 404: it is not there. 429: asked too often.
 */
import type { ChronicleError, Clock } from '@chronicle/base'
import type { CheckResult } from '@chronicle/telemetry'
import { observeErrors } from '../errors.ts'

const agent = 'chronicle'
/** From the request to the last byte of the answer. */
const answerMsMax = 5_000
const answerBytesMax = 64 * 1024
/** An answer stands for so long, whoever asks: ten requests a minute are what an agent has there, and two secrets share them. */
const answerStandsMs = 15_000

export type SecretName = 'DATABASE_URL' | 'NATS_URL'

export type AlexandriaOptions = {
  /** Root of the API, without credentials. */
  readonly url: string
  readonly token: string | undefined
  readonly clock: Clock
  readonly fetch: typeof fetch
  /** Without it {@link answerStandsMs}. */
  readonly standsMs?: number
}

type Asked = { readonly value: Promise<string>; standsUntil: number }

/** Asks for secrets. What it was given is nowhere shown: no message, log line or check has anything of an answer but its status (OS8). */
export class Alexandria {
  readonly #options: AlexandriaOptions
  readonly #asked = new Map<SecretName, Asked>()
  readonly #given = new Map<SecretName, string>()
  readonly #problems = new Map<SecretName, ChronicleError>()

  constructor(options: AlexandriaOptions) {
    this.#options = options
  }

  /**
   * The secret as it is now, or as it was {@link answerStandsMs} ago. While there is no answer, what was given before stands; where nothing was,
   * 'observe.secrets-unavailable' is thrown. 'observe.secret-refused' when the answer has no secret in it. To be tried again by the caller, with waits that grow.
   */
  value(name: SecretName): Promise<string> {
    const { clock, standsMs = answerStandsMs } = this.#options
    const before = this.#asked.get(name)
    if (before !== undefined && clock.monotonic() < before.standsUntil) return before.value
    const asked: Asked = { value: this.#ask(name), standsUntil: Number.POSITIVE_INFINITY }
    this.#asked.set(name, asked)
    const stand = (): void => {
      asked.standsUntil = clock.monotonic() + (isSilence(this.#problems.get(name)) ? 0 : standsMs)
    }
    asked.value.then(stand, stand)
    return asked.value
  }

  /** What came of the last requests. */
  check(): CheckResult {
    const problems = [...this.#problems.values()]
    if (problems.length > 0) return { status: 'warn', reason: problems.map(({ message }) => message).join('; ') }
    const names = [...this.#given.keys()]
    return { status: 'pass', reason: names.length === 0 ? 'not asked yet' : `gave ${names.join(' and ')}` }
  }

  async #ask(name: SecretName): Promise<string> {
    try {
      const value = await this.#request(name)
      this.#problems.delete(name)
      this.#given.set(name, value)
      return value
    } catch (error) {
      if (!observeErrors.is(error)) throw error
      this.#problems.set(name, error)
      const given = this.#given.get(name)
      if (given === undefined || !isSilence(error)) throw error
      return given
    }
  }

  async #request(name: SecretName): Promise<string> {
    const { clock, token, fetch } = this.#options
    const abort = new AbortController()
    const timer = clock.after(answerMsMax, () => abort.abort())
    try {
      const headers = {
        accept: 'application/json',
        'x-agent-id': agent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      }
      // A redirect could lead the token anywhere: it is an answer without a secret.
      const response = await fetch(this.#urlOf(name), { headers, redirect: 'manual', signal: abort.signal })
      const body = await bodyOf(response)
      if (response.status !== 200) throw refused(name, reasonOf(response.status), response)
      if (body === undefined) throw refused(name, `the answer is longer than ${answerBytesMax} bytes`, response)
      return valueIn(body) ?? refuse(name, response)
    } catch (error) {
      if (observeErrors.is(error)) throw error
      const reason = abort.signal.aborted ? `no answer in ${answerMsMax} ms` : codeOf(error)
      throw observeErrors.create('observe.secrets-unavailable', { name, reason })
    } finally {
      timer.cancel()
    }
  }

  #urlOf(name: SecretName): URL {
    const url = new URL(this.#options.url)
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/secrets/${name}`
    return url
  }
}

const isSilence = (problem: ChronicleError | undefined): boolean => problem?.code === 'observe.secrets-unavailable'

const reasons: Readonly<Record<number, string>> = {
  401: 'the token is not accepted',
  403: `agent ${agent} may not read it`,
  404: 'it is not there',
  429: 'asked too often',
}

function reasonOf(status: number): string {
  return reasons[status] ?? (status >= 500 ? 'it is at fault itself' : 'no answer of this API')
}

function refused(name: SecretName, reason: string, { status }: Response): Error {
  // What is broken there may be whole again soon: as good as no answer.
  const code = status >= 500 ? 'observe.secrets-unavailable' : 'observe.secret-refused'
  return observeErrors.create(code, { name, status, reason })
}

function refuse(name: SecretName, response: Response): never {
  throw refused(name, 'the answer has no text data.value', response)
}

/** Undefined when it is longer than {@link answerBytesMax}. */
async function bodyOf(response: Response): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > answerBytesMax) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function valueIn(body: string): string | undefined {
  try {
    const answer = JSON.parse(body)
    const value: unknown = answer?.data?.value ?? answer?.value
    return typeof value === 'string' && value !== '' ? value : undefined
  } catch {
    return undefined
  }
}

/** A name such as ECONNREFUSED: never a message, which might quote what it was given. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') return code
  }
  return 'the connection failed'
}
