import { systemClock } from '@chronicle/base'
import type { UrlOptions } from '../api-client.ts'
import { count, plural, printable, printableJson, size } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { type NumberedLine, portionsOf } from './event-portions.ts'
import { EventSender, type RefusedLine } from './event-sender.ts'

export type SendOptions = UrlOptions & { readonly json?: boolean }

const progressEveryMs = 200
/** Refused lines that are told one by one; the others are counted. */
const refusedLinesShownMax = 50

/** Sends every line of the standard input as one event. Returns the exit code: 0 when all of them were taken. */
export async function send(terminal: Terminal, options: SendOptions): Promise<number> {
  if (terminal.canAsk) terminal.note(terminal.noteStyle('dim', 'One event a line, as a JSON object; Ctrl-D ends.'))
  const run = new SendRun(terminal, options)
  const ticker = systemClock.every(progressEveryMs, () => run.showProgress())
  try {
    for await (const portion of portionsOf(terminal.input)) await run.send(portion)
  } catch (error) {
    terminal.progress('')
    run.tellHowFar()
    throw error
  } finally {
    ticker.cancel()
    terminal.progress('')
  }
  return run.summarize()
}

class SendRun {
  readonly #terminal: Terminal
  readonly #isJson: boolean
  readonly #sender: EventSender
  readonly #startedAt = systemClock.monotonic()
  readonly #refused: RefusedLine[] = []
  #events = 0
  #bytes = 0
  #lastLine = 0

  constructor(terminal: Terminal, options: SendOptions) {
    this.#terminal = terminal
    this.#isJson = options.json === true
    const onWait = (reason: string): void => this.#note(`${printable(reason)}; waiting.`)
    this.#sender = new EventSender({ ...options, onWait })
  }

  /** Resolves when what was taken of the portion is durable. */
  async send(portion: readonly NumberedLine[]): Promise<void> {
    const answer = await this.#sender.send(portion)
    this.#events += answer.accepted
    this.#bytes += portion.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.#lastLine = portion.at(-1)!.line
    for (const refused of answer.refused) this.#refuse(refused)
  }

  #refuse(refused: RefusedLine): void {
    this.#refused.push(refused)
    if (this.#isJson) return
    const { line, detail, reason } = refused
    if (this.#refused.length <= refusedLinesShownMax) {
      this.#note(`line ${count(line)} is refused: ${printable(detail)} (${printable(reason)})`)
    }
    if (this.#refused.length === refusedLinesShownMax + 1) {
      this.#note('Further lines that are refused are only counted; --json has them all.')
    }
  }

  showProgress(): void {
    const refused = this.#refused.length === 0 ? '' : `, ${count(this.#refused.length)} refused`
    const perSecond = this.#events / ((systemClock.monotonic() - this.#startedAt) / 1000)
    const pace = this.#sender.isWaiting ? 'waiting' : `${plural(Math.round(perSecond), 'event')}/s`
    this.#terminal.progress(`${plural(this.#events, 'event')}, ${size(this.#bytes)}${refused}, ${pace}`)
  }

  /** After a failure: where to go on. */
  tellHowFar(): void {
    if (this.#lastLine === 0) return
    this.#terminal.note(
      `Up to line ${count(this.#lastLine)} everything had been answered before this: ${plural(this.#events, 'event')} taken.`,
    )
  }

  summarize(): number {
    const seconds = Math.round(systemClock.monotonic() - this.#startedAt) / 1000
    const refused = this.#refused
    if (this.#isJson) {
      this.#terminal.out(printableJson({ events: this.#events, seconds, refused }))
    } else {
      const time = seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`
      const not = refused.length === 0 ? '' : ` ${plural(refused.length, 'line')} refused.`
      this.#terminal.out(`Sent ${plural(this.#events, 'event')} in ${time}, durably.${not}`)
    }
    return refused.length === 0 ? exitCodes.ok : exitCodes.failure
  }

  #note(text: string): void {
    this.#terminal.progress('')
    this.#terminal.note(text)
  }
}
