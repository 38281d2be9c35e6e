import { setTimeout as sleep } from 'node:timers/promises'
import type { ChronicleError } from '@chronicle/base'
import { ApiClient, refusal, type UrlOptions } from '../api-client.ts'
import type { NumberedLine } from './event-portions.ts'

/** A line that is no event: a stable reason, and words that name the member. */
export type RefusedLine = { readonly line: number; readonly reason: string; readonly detail: string }

/** What the server did with a portion. */
export type Answer = { readonly accepted: number; readonly refused: readonly RefusedLine[] }

export type EventSenderOptions = UrlOptions & {
  /** Told why when it begins to wait. */
  readonly onWait: (reason: string) => void
}

const lineFeed = Buffer.from('\n')

/** A request that is not answered by then is sent again. */
const answerMsMax = 60_000
/** Waits for room, where the server does not say how long. */
const waitMsMin = 500
const waitMsMax = 30_000
/** A server that answered before, and does not any more, is waited for so often: half a minute in all. */
const unansweredMax = 6

/** `refused` is there where the events were looked at, also where none was accepted. */
type Body = {
  readonly code?: string
  readonly accepted?: number
  readonly refused?: readonly { readonly index: number; readonly reason: string; readonly detail: string }[]
}

/** S31. Sends portions, one at a time. While the server has no room it waits as long as it takes; it gives up where nobody answers. */
export class EventSender {
  readonly #options: EventSenderOptions
  readonly #api: ApiClient
  #wasAnswered = false
  #isWaiting = false

  constructor(options: EventSenderOptions) {
    this.#options = options
    this.#api = new ApiClient(options)
  }

  /** For room, or for the server to come back. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Resolves once what was accepted is durable. Events have ids: what is sent twice after a lost answer is taken once. */
  async send(portion: readonly NumberedLine[]): Promise<Answer> {
    for (let [waits, unanswered] = [0, 0]; ; waits++) {
      const answer = await this.#post(portion).catch((error: Error) => error)
      const body = answer instanceof Response ? await bodyOf(answer) : undefined
      if (body?.refused !== undefined) return answerOf(body, portion)
      if (body?.code === 'observe.too-many-events' && portion.length > 1) return this.#halves(portion)
      if (answer instanceof Error && (!this.#wasAnswered || ++unanswered > unansweredMax)) throw answer
      if (answer instanceof Response && !mayPass(answer)) throw await refusal(answer)
      if (waits === 0)
        this.#options.onWait(answer instanceof Error ? 'The server does not answer' : await reasonOf(answer))
      await this.#wait(waits, answer)
    }
  }

  async #post(portion: readonly NumberedLine[]): Promise<Response> {
    const signal = AbortSignal.timeout(answerMsMax)
    const body = Buffer.concat(portion.flatMap(({ bytes }) => [bytes, lineFeed]))
    const headers = { 'content-type': 'application/x-ndjson' }
    const response = await this.#api.request('/events', { method: 'POST', headers, body, signal })
    this.#wasAnswered = true
    return response
  }

  /** A buffer that is smaller than the portion takes it in parts. */
  async #halves(portion: readonly NumberedLine[]): Promise<Answer> {
    const middle = Math.ceil(portion.length / 2)
    const first = await this.send(portion.slice(0, middle))
    const second = await this.send(portion.slice(middle))
    return { accepted: first.accepted + second.accepted, refused: [...first.refused, ...second.refused] }
  }

  async #wait(waits: number, answer: Response | Error): Promise<void> {
    const told = answer instanceof Response ? Number(answer.headers.get('retry-after') ?? 0) * 1000 : 0
    const growing = Math.min(waitMsMax, waitMsMin * 2 ** waits)
    this.#isWaiting = true
    await sleep(Math.min(waitMsMax, Math.max(growing, told || 0)))
    this.#isWaiting = false
  }
}

/** No room, or no server behind a proxy, at present. */
function mayPass({ status }: Response): boolean {
  return status === 408 || status === 429 || status >= 500
}

async function reasonOf(response: Response): Promise<string> {
  const { details } = (await refusal(response)) as ChronicleError
  return `${details.reason ?? `The server answers with status ${response.status}`}`
}

/** Undefined for what is no JSON: a proxy in between answers in its own words. */
async function bodyOf(response: Response): Promise<Body | undefined> {
  const text = await response.clone().text()
  try {
    return JSON.parse(text) as Body
  } catch {
    return undefined
  }
}

function answerOf({ accepted = 0, refused = [] }: Body, portion: readonly NumberedLine[]): Answer {
  const lines = refused.map(({ index, reason, detail }) => ({ line: portion[index]!.line, reason, detail }))
  return { accepted, refused: lines }
}
