import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '@chronicle/base'
import { utcDayOf } from '@chronicle/observe'
import { serverErrors } from '../../errors.ts'
import { ApiClient, type UrlOptions } from '../api-client.ts'
import { plural, printableJson } from '../format.ts'
import { interruption } from '../interrupted.ts'
import type { Terminal } from '../terminal.ts'
import { queryOf } from './client.ts'
import { EventLines, type TailedEvent } from './event-lines.ts'
import { type ServerSentEvent, serverSentEvents } from './event-stream.ts'

export type TailOptions = UrlOptions & {
  readonly trace?: string
  readonly type?: string
  readonly source?: string
  readonly json?: boolean
}

/** Waits before the connection is made again: the first one, doubled with each failure up to the last. */
const waitMsMin = 500
const waitMsMax = 10_000

/** Prints events as they come, until Ctrl-C. The first connection has to work; one that is lost is made again for ever. */
export async function tail(terminal: Terminal, options: TailOptions): Promise<void> {
  await new Tail(terminal, options, interruption()).run()
}

class Tail {
  readonly #terminal: Terminal
  readonly #options: TailOptions
  readonly #interrupted: AbortSignal
  readonly #api: ApiClient
  readonly #lines: EventLines
  #lastId = ''

  constructor(terminal: Terminal, options: TailOptions, interrupted: AbortSignal) {
    this.#terminal = terminal
    this.#options = options
    this.#interrupted = interrupted
    this.#api = new ApiClient(options)
    this.#lines = new EventLines(terminal, utcDayOf(systemClock.now() * 1000))
  }

  async run(): Promise<void> {
    try {
      let stream = await this.#connect()
      if (this.#terminal.isInteractive) this.#note('Waiting for events; Ctrl-C ends.')
      for (;;) {
        await this.#print(stream)
        stream = await this.#connectAgain()
      }
    } catch (error) {
      // Whatever was under way when somebody pressed Ctrl-C.
      if (!this.#interrupted.aborted) throw error
    }
  }

  /** Until the connection ends. */
  async #print(stream: Response): Promise<void> {
    try {
      for await (const event of serverSentEvents(stream.body!)) await this.#show(event)
    } catch (error) {
      if (!isConnectionLost(error)) throw error
    }
    this.#interrupted.throwIfAborted()
  }

  async #show({ type, data, id }: ServerSentEvent): Promise<void> {
    this.#lastId = id
    if (data === undefined) return
    if (type === 'gap') return this.#tellGap(data)
    // Of a newer server: what this program does not know is no event.
    if (type !== 'message') return
    const { json } = this.#options
    const event = JSON.parse(data) as TailedEvent
    await this.#terminal.write(json ? `${printableJson(event)}\n` : this.#lines.linesOf(event))
  }

  #tellGap(data: string): void {
    const { missed } = JSON.parse(data) as { missed: number | null }
    const many = missed === null ? 'Events that came' : `${plural(missed, 'event')} that came`
    this.#note(`${many} meanwhile are not shown: chronicle observe traces has what became of them.`)
  }

  #connect(): Promise<Response> {
    const { trace, type, source } = this.#options
    const query = queryOf({ trace_id: trace, event_type: type, source })
    const headers = {
      accept: 'text/event-stream',
      ...(this.#lastId === '' ? {} : { 'last-event-id': this.#lastId }),
    }
    return this.#api.ask(`/events/stream${query}`, { headers, signal: this.#interrupted })
  }

  async #connectAgain(): Promise<Response> {
    this.#note('The connection was lost; it is made again.')
    for (let waitMs = waitMsMin; ; waitMs = Math.min(waitMs * 2, waitMsMax)) {
      await sleep(waitMs, undefined, { signal: this.#interrupted })
      try {
        const stream = await this.#connect()
        this.#note('Connected again.')
        return stream
      } catch (error) {
        if (this.#interrupted.aborted || !mayPass(error)) throw error
      }
    }
  }

  #note(text: string): void {
    this.#terminal.note(this.#terminal.noteStyle('dim', text))
  }
}

/** What fetch makes of a body that ends before it should. */
function isConnectionLost(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'terminated'
}

/** A server that is not there, stops or has too much to do may be there again. */
function mayPass(error: unknown): boolean {
  if (!serverErrors.is(error)) return false
  const status = Number(error.details.status)
  return error.code === 'server.no-http-server' || status >= 500 || status === 429
}
