import { type AgentColumns, type EventColumns, letterPageMax, type TraceColumns } from '@chronicle/observe'
import { ApiClient, refusal, type UrlOptions } from '../api-client.ts'

/** A trace as the server shows it, with all its events. */
export type ShownTrace = TraceColumns & { readonly spans: readonly EventColumns[] }

export type ObserveHealth = {
  readonly status: 'pass' | 'warn' | 'fail'
  /** Events taken in that are not in the tables yet, and how many there may be. */
  readonly buffer_size: number
  readonly buffer_max_size: number
  /** The same by topic. */
  readonly lag: Readonly<Record<string, number>>
  readonly database: { readonly state: string; readonly failures_in_a_row: number; readonly reason: string | null }
  readonly sources: Readonly<Record<string, SourceHealth>>
  readonly alerts: readonly { readonly name: string; readonly since: string; readonly detail: string }[]
}

export type SourceHealth = {
  readonly state: string
  readonly reason?: string
  readonly streams?: readonly { readonly stream: string; readonly state: string; readonly reason?: string }[]
}

/** A dead letter; a time in RFC 3339, a size in bytes. */
export type LetterView = {
  readonly offset: number
  readonly id: string
  readonly reason: string
  readonly detail: string
  readonly source: string
  readonly at: string
  readonly raw_bytes: number
  readonly is_dead_letter: boolean
}

/** What came, as text or else in base64; both null where it was too large to be kept. */
export type LetterWithRaw = LetterView & { readonly raw: string | null; readonly raw_base64: string | null }

/** `since` and `until` in RFC 3339, of the first event. */
export type TraceFilter = Partial<Record<'status' | 'agent' | 'owner' | 'since' | 'until', string | undefined>>

/** Rows that are asked for at once. */
const pageRowsMax = 1_000
/** An answer that takes longer will not come. */
const answerMsMax = 60_000
/** Events of one trace that are read. */
export const traceEventsMax = 100_000

/** The HTTP interface of observe, as far as the commands use it. */
export class ObserveClient {
  readonly #api: ApiClient

  /** Throws 'server.invalid-argument' for what is no URL. */
  constructor(options: UrlOptions) {
    this.#api = new ApiClient(options)
  }

  /** The newest traces, at most `limit`. */
  async traces(filter: TraceFilter, limit: number): Promise<TraceColumns[]> {
    return this.#list(`/traces${queryOf({ ...filter, limit: pageRows(limit) })}`, limit)
  }

  /** With its events, {@link traceEventsMax} at most, which the server gives page by page. */
  async trace(id: string): Promise<ShownTrace> {
    const response = await this.#ask(`/traces/${encodeURIComponent(id)}`)
    const trace = (await response.json()) as ShownTrace
    const more = await this.#list<EventColumns>(nextPath(response), traceEventsMax - trace.spans.length)
    return { ...trace, spans: [...trace.spans, ...more] }
  }

  /** All agents of a day, `YYYY-MM-DD`; of the current one without. */
  async agents(day?: string): Promise<AgentColumns[]> {
    return this.#list(`/metrics/summary${queryOf({ day })}`, Number.POSITIVE_INFINITY)
  }

  /** The newest day of an agent. */
  async agent(id: string): Promise<AgentColumns> {
    return (await this.#ask(`/metrics/${encodeURIComponent(id)}/latest`)).json() as Promise<AgentColumns>
  }

  /** How observe is, also where the server says with its status that it does not serve. */
  async health(waitMsMax = answerMsMax): Promise<ObserveHealth> {
    const response = await this.#api.request('/health', { signal: AbortSignal.timeout(waitMsMax) })
    if (!response.ok && response.status !== 503) throw await refusal(response)
    return (await response.json()) as ObserveHealth
  }

  /** The newest dead letters, at most `limit`. */
  async letters(reason: string | undefined, limit: number): Promise<LetterView[]> {
    return this.#list(`/dead-letters${queryOf({ reason, limit: `${Math.min(limit, letterPageMax)}` })}`, limit)
  }

  async letter(offset: number): Promise<LetterWithRaw> {
    return (await this.#ask(`/dead-letters/${offset}`)).json() as Promise<LetterWithRaw>
  }

  /** The id of the event that the letter became. */
  async replayLetter(offset: number): Promise<string> {
    const response = await this.#ask(`/dead-letters/${offset}/replay`, 'POST')
    return ((await response.json()) as { event_id: string }).event_id
  }

  /** From the page at `first` on, as far as `limit`. */
  async #list<Row>(first: string | undefined, limit: number): Promise<Row[]> {
    const all: Row[] = []
    for (let path = first; path !== undefined && all.length < limit; ) {
      const response = await this.#ask(path)
      for (const row of (await response.json()) as Row[]) all.push(row)
      path = nextPath(response)
    }
    return all.slice(0, limit)
  }

  #ask(path: string, method = 'GET'): Promise<Response> {
    return this.#api.ask(path, { method, signal: AbortSignal.timeout(answerMsMax) })
  }
}

export function pageRows(limit: number): string {
  return `${Math.min(limit, pageRowsMax)}`
}

/** `?name=value&…` of those that are given. */
export function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** Where the Link header (RFC 8288) says that the list goes on, below the root of the interface; undefined on the last page. */
function nextPath({ headers }: Response): string | undefined {
  const [, target] = /<([^>]*)>\s*;\s*rel="next"/.exec(headers.get('link') ?? '') ?? []
  return target?.replace(/^.*?\/api\/v1/, '')
}
